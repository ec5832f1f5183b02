import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { Decompress } from "fzstd";
import { formatBytes } from "../../base/bytes.ts";
import { InputError, messageOf } from "../../base/errors.ts";

/** A file in a ZIP archive. */
interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly compressed: number;
  readonly size: number;
  readonly offset: number;
}

/** An open ZIP archive; entries are read one by one. */
export interface ZipArchive {
  readonly names: readonly string[];
  /** @throws InputError for an entry that is not there, is damaged, larger than it says, or compressed in another way */
  read(name: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** One sample of a log with its messages and images. */
const MAX_ENTRY_BYTES = 256 * 1024 * 1024;
/** A log of a million samples has one of about a hundred megabytes. */
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const [END, END64, LOCATOR64, CENTRAL, LOCAL] = [0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50, 0x04034b50];
const [STORED, DEFLATED, ZSTD] = [0, 8, 93];
const inflate = promisify(inflateRaw);

/**
 * Opens a ZIP archive whose entries are stored, deflated or compressed with Zstandard (method 93, which Inspect writes and the
 * usual libraries refuse).
 *
 * @throws InputError if it is none
 */
export async function openZip(path: string): Promise<ZipArchive> {
  const file = await open(path, "r");
  try {
    const entries = await readDirectory(file, path);
    return {
      names: [...entries.keys()],
      read: async (name) => {
        const entry = entries.get(name);
        if (entry === undefined) throw new InputError(`${path}: expected an entry ${name} in the archive, found none`);
        return await readEntry(file, entry, path);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readDirectory(file: FileHandle, path: string): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const tail = await readAt(
    file,
    Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES),
    Math.min(size, END_BYTES + MAX_COMMENT_BYTES),
    path,
  );
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) {
    throw new InputError(`${path}: expected a ZIP archive, found no directory at its end`, {
      hint: "It is another file, or was copied in part.",
    });
  }
  let [count, length, offset] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (count === 0xffff || length === 0xffffffff || offset === 0xffffffff) {
    const large = await readEnd64(file, tail, end, path);
    if (large !== undefined) ({ count, length, offset } = large);
  }
  if (length > MAX_DIRECTORY_BYTES || offset + length > size) {
    throw new InputError(
      `${path}: expected a directory of at most ${formatBytes(MAX_DIRECTORY_BYTES)} inside the archive, found one of ${formatBytes(length)}`,
    );
  }
  return parseDirectory(await readAt(file, offset, length, path), count, path);
}

async function readEnd64(
  file: FileHandle,
  tail: Buffer,
  end: number,
  path: string,
): Promise<{ count: number; length: number; offset: number } | undefined> {
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64) return undefined;
  const record = await readAt(file, Number(tail.readBigUInt64LE(locator + 8)), 56, path);
  if (record.readUInt32LE(0) !== END64) return undefined;
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
  };
}

function parseDirectory(bytes: Buffer, count: number, path: string): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) {
      throw new InputError(`${path}: expected ${count} entries in the archive, found ${i}`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) => bytes.readUInt16LE(at + place));
    const nameEnd = at + 46 + (nameBytes ?? 0);
    const name = bytes.toString("utf8", at + 46, nameEnd);
    const entry = {
      name,
      method: bytes.readUInt16LE(at + 10),
      compressed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    };
    const extraEnd = nameEnd + (extraBytes ?? 0);
    entries.set(name, withLargeSizes(entry, bytes.subarray(nameEnd, extraEnd)));
    at = extraEnd + (commentBytes ?? 0);
  }
  return entries;
}

/** Sizes of 4 GB and more stand in an extra field, those that are needed one after the other. */
function withLargeSizes(entry: ZipEntry, extra: Buffer): ZipEntry {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    const next = (value: number): number => {
      if (value !== 0xffffffff || place + 8 > extra.length) return value;
      place += 8;
      return Number(extra.readBigUInt64LE(place - 8));
    };
    const size = next(entry.size);
    const compressed = next(entry.compressed);
    return { ...entry, size, compressed, offset: next(entry.offset) };
  }
  return entry;
}

async function readEntry(file: FileHandle, entry: ZipEntry, path: string): Promise<Uint8Array> {
  const where = `${path}: ${entry.name}`;
  if (entry.size > MAX_ENTRY_BYTES || entry.compressed > MAX_ENTRY_BYTES) {
    throw new InputError(
      `${where}: expected at most ${formatBytes(MAX_ENTRY_BYTES)}, found ${formatBytes(entry.size)}`,
    );
  }
  const header = await readAt(file, entry.offset, 30, path);
  if (header.readUInt32LE(0) !== LOCAL)
    throw new InputError(`${where}: expected an entry where the directory says, found none`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const bytes = await readAt(file, start, entry.compressed, path);
  if (![STORED, DEFLATED, ZSTD].includes(entry.method)) {
    throw new InputError(
      `${where}: expected a stored, deflated or Zstandard entry, found compression method ${entry.method}`,
    );
  }
  let content: Uint8Array;
  try {
    if (entry.method === ZSTD) content = unpackZstd(bytes, entry.size);
    else content = entry.method === STORED ? bytes : await inflate(bytes, { maxOutputLength: Math.max(1, entry.size) });
  } catch (error) {
    throw new InputError(`${where}: cannot be unpacked: ${messageOf(error)}`, { cause: error });
  }
  if (content.length === entry.size) return content;
  throw new InputError(`${where}: expected ${entry.size} bytes, found ${content.length}`);
}

/** In pieces, so that what claims to be small cannot become large. */
function unpackZstd(bytes: Uint8Array, size: number): Uint8Array {
  const content = new Uint8Array(size);
  let filled = 0;
  const stream = new Decompress((piece) => {
    if (filled + piece.length > size) throw new Error(`more than the ${size} bytes that the directory says`);
    content.set(piece, filled);
    filled += piece.length;
  });
  stream.push(bytes, true);
  return content.subarray(0, filled);
}

async function readAt(file: FileHandle, offset: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  if (bytesRead === length) return bytes;
  throw new InputError(`${path}: expected ${length} bytes at ${offset}, found the end of the file`);
}

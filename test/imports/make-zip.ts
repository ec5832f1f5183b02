import { deflateRawSync } from "node:zlib";

/** How a file of an archive is compressed: not at all, deflate, or Zstandard as Inspect's newer logs are. */
export type ZipMethod = 0 | 8 | 93;

/** A ZIP archive. */
export function zipOf(
  files: Readonly<Record<string, unknown>>,
  method: ZipMethod,
  change: { size?: number } = {},
): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, value] of Object.entries(files)) {
    const content = Buffer.from(JSON.stringify(value));
    const packed = method === 0 ? content : method === 8 ? deflateRawSync(content) : zstdOf(content);
    const title = Buffer.from(name);
    const size = change.size ?? content.length;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(title.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(title.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, title, packed);
    central.push(entry, title);
    offset += local.length + title.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}

/** Two Zstandard frames (RFC 8878) of one raw block each. */
function zstdOf(content: Buffer): Buffer {
  const middle = content.length >> 1;
  return Buffer.concat([content.subarray(0, middle), content.subarray(middle)].map(frameOf));
}

function frameOf(content: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(0xfd2fb528);
  // Single segment, with the size of the content in four bytes.
  header.writeUInt8(0xa0, 4);
  header.writeUInt32LE(content.length, 5);
  header.writeUIntLE((content.length << 3) | 1, 9, 3);
  return Buffer.concat([header, content]);
}

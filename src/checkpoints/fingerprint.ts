import { open, readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { sha256 } from "../base/digest.ts";
import { readWholeFile } from "../base/files/read-whole-file.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** A file of a checkpoint as it is now, told from itself after a change without reading all of it. */
export interface FileFingerprint {
  readonly path: string;
  readonly bytes: number;
  readonly modified_ms: number;
  readonly inode: number;
  /** Of the whole file, or of its first mebibyte where it is large. */
  readonly sha256: string;
  readonly whole: boolean;
}

/** Files up to this size are known by their content alone. */
const WHOLE_BYTES = 64 * 1024 * 1024;
/** The header of a safetensors or GGUF file, and the beginning of its data. */
const HEAD_BYTES = 1024 * 1024;

/** What a model is read from: weights, config, tokenizer, templates, adapters. */
const MODEL_FILE = /\.(safetensors|json|jinja|model|txt|gguf)$/i;

/** The fingerprints of all files of a checkpoint, in the order of their names. */
export async function fingerprintCheckpoint(
  checkpoint: Pick<Checkpoint, "path" | "format" | "adapterPath">,
): Promise<FileFingerprint[]> {
  const { path, format, adapterPath } = checkpoint;
  const places = format === "gguf" ? [path] : await filesIn(path);
  const adapter = adapterPath === undefined ? [] : await filesIn(adapterPath);
  return Promise.all([...places, ...adapter].map(fingerprint));
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => MODEL_FILE.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

async function fingerprint(path: string): Promise<FileFingerprint> {
  const { size, mtimeMs, ino } = await stat(path);
  const whole = size <= WHOLE_BYTES;
  return {
    path,
    bytes: size,
    modified_ms: mtimeMs,
    inode: ino,
    sha256: sha256((whole ? await readWholeFile(path, WHOLE_BYTES) : await head(path)) ?? ""),
    whole,
  };
}

async function head(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Which files are not what they were: the names that differ, are new, or are gone. A file that was known by its content may
 * have been copied or touched; a large one must be the very same. Where all files lie in another folder now, they are the same
 * files.
 */
export function changedFiles(before: readonly FileFingerprint[], now: readonly FileFingerprint[]): string[] {
  const [old, own] = [byName(before), byName(now)];
  const changed = [...old].filter(([name, file]) => !isSame(file, own.get(name))).map(([name]) => name);
  // A new shard, or a template that was not there.
  const names = [...changed, ...[...own.keys()].filter((name) => !old.has(name))];
  return names.map((name) => own.get(name)?.path ?? old.get(name)?.path ?? name);
}

/** Files by their names in the longest folder that holds all of them. */
function byName(files: readonly FileFingerprint[]): Map<string, FileFingerprint> {
  const folder = commonFolder(files.map(({ path }) => path));
  return new Map(files.map((file) => [file.path.slice(folder.length), file]));
}

/** The longest folder that holds all files, with its last separator. */
function commonFolder(paths: readonly string[]): string {
  const [first = ""] = paths;
  let length = first.length;
  for (const path of paths) {
    while (!path.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, first.lastIndexOf(sep, length - 1) + 1);
}

function isSame(before: FileFingerprint, now: FileFingerprint | undefined): boolean {
  if (now === undefined || before.sha256 !== now.sha256 || before.bytes !== now.bytes) return false;
  return before.whole || (before.modified_ms === now.modified_ms && before.inode === now.inode);
}

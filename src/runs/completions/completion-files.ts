import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { appendFile, readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { StoreError, systemCodeOf } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { toJsonLines } from "../../base/jsonl.ts";
import { type SampleRecord, sampleRecordSchema } from "../schema.ts";

/** Where lines are kept that could not be read. */
export const DAMAGED_FILE = "damaged.jsonl";

/** A unit's completions may lie in several files, each written by one worker. */
const COMPLETION_FILE = /^samples(-[^/]*)?\.jsonl$/;

/** A line that is no completion. */
export interface DamagedLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  readonly why: string;
}

/** What a unit's completion files hold. */
export interface StoredCompletions {
  /** Of one attempt one, by the order of the files' names and lines. */
  readonly records: readonly SampleRecord[];
  readonly damaged: readonly DamagedLine[];
  /** Attempts that several files answer with different texts: the first file counts. */
  readonly differing: number;
  /** How many of the records each file gave. */
  readonly counts: ReadonlyMap<string, number>;
  /** Files that end within a line: of whoever is writing it, or of one who was killed. */
  readonly torn: readonly string[];
}

/** The files that hold a unit's completions, in the order in which they count. */
export async function completionFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => COMPLETION_FILE.test(name)).toSorted();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The name of the n-th file of completions: a worker takes the first that no other has. */
export function completionFile(n: number): string {
  return n === 0 ? "samples.jsonl" : `samples-${n}.jsonl`;
}

/** Bytes of a unit's completions. */
export async function completionBytes(folder: string): Promise<number> {
  const files = await completionFiles(folder);
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}

/** Whole lines of a unit's completions, of whatever content: at most so many completions are there. */
export async function countLines(folder: string): Promise<number> {
  let count = 0;
  for (const name of await completionFiles(folder)) {
    for await (const piece of createReadStream(join(folder, name))) {
      const bytes = Buffer.from(piece);
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
    }
  }
  return count;
}

/**
 * Reads a unit's completions, from whichever files they lie in. A last line without its newline belongs to whoever is writing
 * it.
 *
 * @throws StoreError for one attempt with two texts in one file: which of them is right cannot be told
 */
export async function readCompletions(folder: string): Promise<StoredCompletions> {
  const records = new Map<string, SampleRecord>();
  const damaged: DamagedLine[] = [];
  let differing = 0;
  const torn: string[] = [];
  const counts = new Map<string, number>();
  for (const file of await completionFiles(folder)) {
    const content = await readFile(join(folder, file));
    if (content.length > 0 && content.at(-1) !== NEWLINE) torn.push(file);
    const own = new Map<string, number>();
    for (const { line, bytes: written } of wholeLines(content)) {
      const record = parseRecord(written);
      if (typeof record === "string") {
        damaged.push({ file: join(folder, file), line, text: written.toString("utf8"), why: record });
        continue;
      }
      const key = keyOf(record);
      const earlier = records.get(key);
      if (earlier === undefined) {
        records.set(key, record);
        counts.set(file, (counts.get(file) ?? 0) + 1);
      } else if (earlier.completion !== record.completion) {
        const other = own.get(key);
        if (other !== undefined) throw twoTexts(join(folder, file), other, line, record);
        differing++;
      }
      own.set(key, line);
    }
  }
  return { records: [...records.values()], damaged, differing, counts, torn };
}

/**
 * Makes files of completions good again: torn last lines are cut off, damaged ones set aside in `damaged.jsonl`. Nobody may be
 * writing them.
 *
 * @param options.twoTexts whether of two texts for one attempt in one file both are set aside, so that it is asked again
 * @returns what was set aside
 */
export async function mendCompletions(
  folder: string,
  files: readonly string[],
  { twoTexts: bothAside = false }: { readonly twoTexts?: boolean } = {},
): Promise<DamagedLine[]> {
  const aside: DamagedLine[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const content = await readFile(path);
    const lines = wholeLines(content);
    const bad = damagedLines(path, lines, bothAside);
    if (bad.length === 0) {
      const whole = content.lastIndexOf(NEWLINE) + 1;
      if (whole < content.length) await truncate(path, whole);
      continue;
    }
    // First kept elsewhere, then taken out: a kill between the two loses nothing.
    await appendFile(join(folder, DAMAGED_FILE), toJsonLines(bad));
    const numbers = new Set(bad.map(({ line }) => line));
    const good = lines.filter(({ line }) => !numbers.has(line)).flatMap(({ bytes }) => [bytes, Buffer.of(NEWLINE)]);
    await writeFileAtomic(path, Buffer.concat(good));
    aside.push(...bad);
  }
  return aside;
}

/** A read-only user of completions: what is damaged stops it, with the command that mends it. */
export function refuseDamaged(damaged: readonly DamagedLine[]): void {
  const [first] = damaged;
  if (first === undefined) return;
  const rest = damaged.length > 1 ? ` (and ${damaged.length - 1} more lines)` : "";
  throw new StoreError(`${first.file}:${first.line}: expected a completion, found ${first.why}${rest}`, {
    hint: "Good lines are kept. Set the damaged ones aside with: mergesweep recover RUN; then run the sweep again for what they held.",
  });
}

const NEWLINE = 0x0a;

interface Line {
  readonly line: number;
  readonly bytes: Buffer;
}

/** All lines that end, but for empty ones. */
function wholeLines(content: Buffer): Line[] {
  const lines: Line[] = [];
  let line = 0;
  for (let from = 0, to = content.indexOf(NEWLINE); to >= 0; from = to + 1, to = content.indexOf(NEWLINE, from)) {
    line++;
    if (to > from) lines.push({ line, bytes: content.subarray(from, to) });
  }
  return lines;
}

/** @returns why it is none, if it is none */
export function parseRecord(bytes: Buffer): SampleRecord | string {
  if (!isUtf8(bytes)) return "bytes that are no UTF-8";
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `no JSON: ${JSON.stringify(text.slice(0, 60))}`;
  }
  const parsed = sampleRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `"${issue?.path.join(".")}": ${issue?.message}`;
}

function damagedLines(path: string, lines: readonly Line[], bothAside: boolean): DamagedLine[] {
  const bad = new Map<number, DamagedLine>();
  const seen = new Map<string, { record: SampleRecord; line: Line }>();
  const mark = ({ line, bytes }: Line, why: string): void => {
    if (!bad.has(line)) bad.set(line, { file: path, line, text: bytes.toString("utf8"), why });
  };
  for (const line of lines) {
    const record = parseRecord(line.bytes);
    if (typeof record === "string") {
      mark(line, record);
      continue;
    }
    const earlier = seen.get(keyOf(record));
    if (earlier === undefined) seen.set(keyOf(record), { record, line });
    else if (bothAside && earlier.record.completion !== record.completion) {
      mark(earlier.line, `another text for the same attempt as line ${line.line}`);
      mark(line, `another text for the same attempt as line ${earlier.line.line}`);
    }
  }
  return [...bad.values()];
}

/** What tells the completion of one attempt from all others of its unit. */
export function keyOf({ benchmark, sample, attempt }: SampleRecord): string {
  return JSON.stringify([benchmark, sample, attempt]);
}

function twoTexts(path: string, first: number, second: number, record: SampleRecord): StoreError {
  return new StoreError(
    `${path}:${first} and ${path}:${second} hold different texts for one attempt (${record.benchmark}, ${record.sample}, ${record.attempt})`,
    { hint: "Set both aside with: mergesweep recover RUN; then run the sweep again." },
  );
}

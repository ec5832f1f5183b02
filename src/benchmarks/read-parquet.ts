import { setInterval, setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import PQueue from "p-queue";
import { formatBytes } from "../base/bytes.ts";
import { InputError } from "../base/errors.ts";
import { siblingModule, startThread } from "../base/threads/start-thread.ts";

type Rows = Readonly<Record<string, unknown>>[];

/** What the thread that decodes is asked. */
export interface ParquetRequest {
  /** The whole file, in memory of its own: it is handed over. */
  readonly file: ArrayBuffer;
  readonly path: string;
  readonly wanted: readonly string[] | undefined;
}

type Answer = { readonly rows: Rows } | { readonly error: string; readonly hint?: string | undefined };

/** What it says: first that it is ready, then an answer to each request. */
export type ParquetReply = "ready" | Answer;

/** Of CPU time, so that other work of the machine refuses no file. */
const SECONDS = 1;
const BYTES_A_SECOND = 500_000;
/** Of objects and texts; a megabyte of snappy may hold many of text. */
const MEGABYTES = 512;
const TIMES_ITS_SIZE = 100;
/** A thread that has not begun after so long never will. */
const START_SECONDS = 60;
const LOOK_MILLISECONDS = 100;
const HINT = "Its counts may be damaged. Fetch it again, or write it again as JSONL or CSV.";

/** One file at a time: the CPU time of a process is that of all its threads. */
const turns = new PQueue({ concurrency: 1 });

/**
 * The rows of a parquet file, uncompressed or snappy, decoded in a thread of its own, which has an end: counts in a damaged file
 * can keep a decoder busy for ever.
 *
 * @param path names the file in errors
 * @param wanted columns to read, as far as the file has them; by default all
 * @throws InputError for content that is no parquet or is damaged, and for what takes more time or memory than a file of its size
 */
export async function readParquet(bytes: Uint8Array, path: string, wanted?: readonly string[]): Promise<Rows> {
  const seconds = SECONDS + bytes.byteLength / BYTES_A_SECOND;
  const megabytes = MEGABYTES + Math.ceil((bytes.byteLength / 1e6) * TIMES_ITS_SIZE);
  // A copy: a Buffer may be a part of a larger pool, and the caller goes on with its bytes.
  const request = { file: new Uint8Array(bytes).buffer, path, wanted };
  const answer = await turns.add(() => answerOf(decoderFor(megabytes), request, seconds));
  if (typeof answer === "string")
    throw new InputError(`${path}: not a parquet file that can be read: ${answer}`, { hint: HINT });
  if ("error" in answer) throw new InputError(answer.error, { hint: answer.hint });
  return answer.rows;
}

/** A thread that decodes, and the memory that it may use. */
interface Decoder {
  readonly thread: Worker;
  readonly megabytes: number;
  readonly ready: Promise<unknown>;
  /** Why it ended, once it has: also while nobody waits for an answer. */
  readonly ended: Promise<string>;
}

/** One that has nothing to do waits for the next file; it keeps no process alive. */
let idle: Decoder | undefined;

function decoderFor(megabytes: number): Decoder {
  const waiting = idle;
  idle = undefined;
  if (waiting !== undefined && waiting.megabytes >= megabytes) return waiting;
  void waiting?.thread.terminate();
  return startDecoder(megabytes);
}

function startDecoder(megabytes: number): Decoder {
  const module = siblingModule("./parquet-thread", import.meta.url);
  const thread = startThread(module, { maxOldGenerationSizeMb: megabytes });
  const ready = new Promise<unknown>((resolve) => thread.once("message", resolve));
  const ended = new Promise<string>((resolve) => {
    thread.once("error", (error) => resolve(error.message));
    thread.once("exit", () => resolve("its thread ended"));
  });
  void ended.then(() => {
    if (idle?.thread === thread) idle = undefined;
  });
  return { thread, megabytes, ready, ended };
}

/** The answer of a thread, or why there is none: the thread is no more then. */
async function answerOf(decoder: Decoder, request: ParquetRequest, seconds: number): Promise<Answer | string> {
  const { thread, ready, ended } = decoder;
  const { byteLength } = request.file;
  const settled = new AbortController();
  let answer: Answer | string = "its thread did not start";
  thread.ref();
  try {
    const late = setTimeout(START_SECONDS * 1000, answer, { signal: settled.signal });
    const begun = await Promise.race([ready.then(() => undefined), ended, late]);
    answer =
      begun ?? (await Promise.race([ask(thread, request), ended, overtime(seconds, byteLength, settled.signal)]));
  } finally {
    settled.abort();
    thread.unref();
    if (typeof answer === "string") void thread.terminate();
    else idle = decoder;
  }
  return answer;
}

function ask(thread: Worker, request: ParquetRequest): Promise<Answer> {
  return new Promise((resolve) => {
    thread.once("message", resolve);
    thread.postMessage(request, [request.file]);
  });
}

/** Says so when the process has used more CPU time than this. This thread waits meanwhile. */
async function overtime(seconds: number, byteLength: number, signal: AbortSignal): Promise<string> {
  const start = process.cpuUsage();
  for await (const _ of setInterval(LOOK_MILLISECONDS, undefined, { signal }))
    if (process.cpuUsage(start).user > seconds * 1e6) break;
  return `expected ${formatBytes(byteLength)} to be decoded in ${seconds.toFixed(1)} s, found it still at work`;
}

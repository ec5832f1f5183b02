import type { Worker } from "node:worker_threads";
import { formatBytes } from "../base/bytes.ts";
import { InputError } from "../base/errors.ts";
import { siblingModule, startThread } from "../base/start-thread.ts";

type Rows = Readonly<Record<string, unknown>>[];

/** What the thread that decodes is asked. */
export interface ParquetRequest {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly wanted: readonly string[] | undefined;
}

type Answer = { readonly rows: Rows } | { readonly error: string; readonly hint?: string | undefined };

/** What it says. */
export type ParquetReply = { readonly ready: true } | Answer;

/** Of CPU time, so that other work of the machine refuses no file. Real ones decode at more than ten million bytes a second. */
const SECONDS = 1;
const BYTES_A_SECOND = 500_000;
/** Of objects and texts; a megabyte of snappy may hold many of text. */
const MEGABYTES = 512;
const TIMES_ITS_SIZE = 100;
/** A thread that has not begun after so long never will. */
const START_SECONDS = 60;
const LOOK_MILLISECONDS = 100;
const HINT = "Its counts may be damaged. Fetch it again, or write it again as JSONL or CSV.";

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
  const decoder = decoderFor(MEGABYTES + Math.ceil((bytes.byteLength / 1e6) * TIMES_ITS_SIZE));
  const reply = await answerOf(decoder, { bytes, path, wanted }, seconds);
  if ("rows" in reply) return reply.rows;
  throw new InputError(reply.error, { hint: reply.hint });
}

/** A thread and the memory that it may use. */
interface Decoder {
  readonly thread: Worker;
  readonly megabytes: number;
  isReady: boolean;
}

/** One that has nothing to do waits for the next file; it keeps no process alive. */
let idle: Decoder | undefined;

function decoderFor(megabytes: number): Decoder {
  const waiting = idle;
  idle = undefined;
  if (waiting !== undefined && waiting.megabytes >= megabytes) return waiting;
  void waiting?.thread.terminate();
  const module = siblingModule("./parquet-thread", import.meta.url);
  return { thread: startThread(module, { maxOldGenerationSizeMb: megabytes }), megabytes, isReady: false };
}

function answerOf(decoder: Decoder, request: ParquetRequest, seconds: number): Promise<Answer> {
  const { thread } = decoder;
  return new Promise((resolve) => {
    let watch: NodeJS.Timeout | undefined;
    const settle = (answer: Answer, goesOn: boolean): void => {
      clearTimeout(watch);
      // By name: a thread has listeners of its own.
      for (const event of ["message", "error", "exit"]) thread.removeAllListeners(event);
      thread.unref();
      if (goesOn && idle === undefined) idle = decoder;
      else void thread.terminate();
      resolve(answer);
    };
    const refuse = (what: string): void =>
      settle({ error: `${request.path}: not a parquet file that can be read: ${what}`, hint: HINT }, false);
    const ask = (): void => {
      decoder.isReady = true;
      clearTimeout(watch);
      const size = formatBytes(request.bytes.byteLength);
      // This thread waits: what the process uses, the other one does.
      const start = process.cpuUsage();
      watch = setInterval(() => {
        if (process.cpuUsage(start).user > seconds * 1e6)
          refuse(`expected ${size} to be decoded in ${seconds.toFixed(1)} s, found it still at work`);
      }, LOOK_MILLISECONDS);
      thread.postMessage(request, []);
    };
    thread.ref();
    thread.on("message", (reply: ParquetReply) => ("ready" in reply ? ask() : settle(reply, true)));
    thread.once("error", (error) => refuse(error.message));
    thread.once("exit", () => refuse("its thread ended"));
    if (decoder.isReady) ask();
    else watch = setTimeout(() => refuse("its thread did not start"), START_SECONDS * 1000);
  });
}

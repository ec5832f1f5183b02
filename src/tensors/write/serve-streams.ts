import { parentPort } from "node:worker_threads";
import { InputError, MergesweepError, WorkError } from "../../base/errors.ts";
import { type StoredStream, type StreamPlaces, storeStream } from "./store-stream.ts";
import type { TensorStream } from "./tensor-stream.ts";

/** One stream for a thread to make and to store. */
export interface ThreadTask<Task = unknown> extends StreamPlaces {
  readonly task: Task;
  /** The work ends when its element is no longer 0. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** What comes back. Of an error that a person can act on, or of the system, a copy loses what it is known by. */
export type ThreadReply =
  | { readonly stored: StoredStream }
  | {
      readonly error: unknown;
      readonly known?: { readonly code: string; readonly hint: string | undefined };
      readonly system?: object;
    };

/** The other end of `storeInThreads`: makes streams from their tasks, one after the other as they are asked for. */
export function serveStreams(open: (task: never) => TensorStream): void {
  parentPort?.on("message", async (task: ThreadTask<never>) => {
    parentPort?.postMessage(await serve(open, task), []);
  });
}

async function serve(
  open: (task: never) => TensorStream,
  { task, cancelled, ...places }: ThreadTask<never>,
): Promise<ThreadReply> {
  try {
    const stored = await storeStream(open(task), places, () => {
      if (Atomics.load(cancelled, 0) !== 0) throw new Error("cancelled");
    });
    return { stored };
  } catch (error) {
    return packError(error);
  }
}

function packError(error: unknown): ThreadReply {
  if (error instanceof MergesweepError) return { error, known: { code: error.code, hint: error.hint } };
  if (error instanceof Error && "errno" in error) return { error, system: Object.fromEntries(Object.entries(error)) };
  return { error };
}

/** The error as it was thrown in the thread. */
export function unpackError({ error, known, system }: Extract<ThreadReply, { error: unknown }>): unknown {
  if (!(error instanceof Error)) return error;
  if (known === undefined) return Object.assign(error, system);
  const KnownError = known.code === "input" ? InputError : WorkError;
  return new KnownError(error.message, { hint: known.hint, cause: error });
}

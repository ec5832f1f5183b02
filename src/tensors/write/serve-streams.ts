import { parentPort } from "node:worker_threads";
import { type PackedError, packError } from "../../base/threads/thread-errors.ts";
import { type StoredStream, type StreamPlaces, storeStream } from "./store-stream.ts";
import type { TensorStream } from "./tensor-stream.ts";

/** One stream for a thread to make and to store. */
export interface ThreadTask<Task = unknown> extends StreamPlaces {
  readonly task: Task;
  /** The work ends when its element is no longer 0. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** What comes back. */
export type ThreadReply = { readonly stored: StoredStream } | PackedError;

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

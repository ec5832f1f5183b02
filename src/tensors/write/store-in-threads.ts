import { once } from "node:events";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startThread } from "../../base/threads/start-thread.ts";
import { unpackError } from "../../base/threads/thread-errors.ts";
import { elementCount } from "../tensor-info.ts";
import type { ThreadReply, ThreadTask } from "./serve-streams.ts";
import type { StoredStream, StreamPlaces } from "./store-stream.ts";
import type { RemoteStream, TensorStream } from "./tensor-stream.ts";

/** Writes to one file exclude each other: of more threads than this, some only wait. */
const MAX_THREADS = 4;

/** A stream that threads can make, and where its bytes go. */
export interface RemoteStorage extends StreamPlaces {
  readonly stream: TensorStream;
  readonly remote: RemoteStream;
}

/**
 * Has streams made, hashed and written by threads, a whole tensor at a time each. The largest come first, so that all
 * threads end together, if no stream has to come in order.
 *
 * @param onStored called after each tensor
 * @returns when no thread runs any more
 * @throws what a thread has thrown first, which stops the others, or what the signal says
 */
export async function storeInThreads(
  storages: readonly RemoteStorage[],
  onStored: (stream: TensorStream, stored: StoredStream) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const waiting = storages.some(({ remote }) => remote.inOrder === true)
    ? storages.toReversed()
    : storages.toSorted((a, b) => elementCount(a.stream.shape) - elementCount(b.stream.shape));
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const failures: unknown[] = [];
  const cancel = (reason: unknown): void => {
    failures.push(reason);
    waiting.length = 0;
    Atomics.store(cancelled, 0, 1);
  };
  const abort = (): void => cancel(signal.reason);
  signal.addEventListener("abort", abort);
  const runThread = async (module: URL): Promise<void> => {
    const thread = startThread(module);
    try {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const { stream, remote, file, placements } = next;
        onStored(stream, await call(thread, { file, placements, task: remote.task, cancelled }));
      }
    } catch (error) {
      cancel(error);
    } finally {
      await thread.terminate();
    }
  };
  const modules = storages.slice(0, Math.min(availableParallelism(), MAX_THREADS)).map(({ remote }) => remote.module);
  await Promise.all(modules.map(runThread));
  signal.removeEventListener("abort", abort);
  if (failures.length > 0) throw failures[0];
}

/** @throws what the thread throws, or that it has ended */
async function call(thread: Worker, task: ThreadTask): Promise<StoredStream> {
  const done = new AbortController();
  const { signal } = done;
  try {
    const answer = once(thread, "message", { signal });
    const ended = once(thread, "exit", { signal }).then(() => Promise.reject(new Error("A thread ended by itself")));
    thread.postMessage(task, []);
    const messages: readonly ThreadReply[] = await Promise.race([answer, ended]);
    const [reply] = messages;
    if (reply === undefined) throw new Error("A thread answered with nothing");
    if ("stored" in reply) return reply.stored;
    throw unpackError(reply);
  } finally {
    done.abort();
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { readParquet } from "../../src/benchmarks/read-parquet.ts";
import { projectRoot } from "../helpers/shared.ts";

const bytes = await readFile(join(projectRoot, "test/fixtures/benchmarks/sums.parquet"));

/** The file with one byte changed. */
function damaged(at: number, to: number): Uint8Array {
  return Uint8Array.from(bytes).fill(to, at, at + 1);
}

test("a parquet file is read in a thread of its own", async () => {
  expect(await readParquet(bytes, "sums.parquet")).toHaveLength(3);
});

test.each([
  [11, 0],
  [12, 0xff],
  [60, 0x7f],
  [257, 0],
])("a parquet file whose byte %i is %i ends in rows or an error, in bounded time", async (at, to) => {
  const start = process.cpuUsage();
  const result = await readParquet(damaged(at, to), "sums.parquet").catch((error: unknown) => error);
  expect(Array.isArray(result) || result instanceof InputError).toBe(true);
  // A second to decode it; the rest is for a thread to start, which reads TypeScript.
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
});

test("a parquet file that would be decoded for ever is refused, with what to do", async () => {
  await expect(readParquet(damaged(11, 0), "sums.parquet")).rejects.toThrow(
    /sums\.parquet: not a parquet file that can be read: expected 680 B to be decoded in 1\.0 s, found it still at work/,
  );
});

/** The threads that are started meanwhile. */
async function threadsOf(action: () => Promise<unknown>): Promise<Worker[]> {
  const threads: Worker[] = [];
  const note = (thread: Worker): number => threads.push(thread);
  process.on("worker", note);
  await action().finally(() => process.off("worker", note));
  return threads;
}

test("files that are read at once take turns in one thread: the CPU time of each is its own", async () => {
  await expect(readParquet(damaged(11, 0), "sums.parquet")).rejects.toThrow("still at work");
  let statuses: string[] = [];
  const threads = await threadsOf(async () => {
    const results = await Promise.allSettled([bytes, damaged(60, 0x7f), bytes].map((file) => readParquet(file, "x")));
    statuses = results.map(({ status }) => status);
  });
  expect([statuses[0], statuses[2]]).toEqual(["fulfilled", "fulfilled"]);
  expect(threads).toHaveLength(1);
});

test("a thread that ends or fails while it waits for a file ends nothing else", async () => {
  await expect(readParquet(damaged(11, 0), "sums.parquet")).rejects.toThrow("still at work");
  const [thread] = await threadsOf(() => readParquet(bytes, "sums.parquet"));
  thread?.emit("error", new Error("out of memory"));
  await thread?.terminate();
  expect(await readParquet(bytes, "sums.parquet")).toHaveLength(3);
});

test("the caller's bytes stay as they are, also where they are a part of something larger", async () => {
  const large = Buffer.concat([Buffer.alloc(100), bytes, Buffer.alloc(100)]);
  const file = large.subarray(100, 100 + bytes.byteLength);
  expect(await readParquet(file, "part.parquet")).toHaveLength(3);
  expect(file.equals(bytes)).toBe(true);
});

test("what is no parquet at all is refused", async () => {
  await expect(readParquet(new TextEncoder().encode("a,b\n1,2\n"), "x.parquet")).rejects.toBeInstanceOf(InputError);
});

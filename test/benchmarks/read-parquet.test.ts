import { readFile } from "node:fs/promises";
import { join } from "node:path";
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
  const start = performance.now();
  const result = await readParquet(damaged(at, to), "sums.parquet").catch((error: unknown) => error);
  expect(Array.isArray(result) || result instanceof InputError).toBe(true);
  // A second of CPU time; the rest is for machines that have other work.
  expect(performance.now() - start).toBeLessThan(10_000);
});

test("a parquet file that would be decoded for ever is refused, with what to do", async () => {
  await expect(readParquet(damaged(11, 0), "sums.parquet")).rejects.toThrow(
    /sums\.parquet: not a parquet file that can be read: expected 680 B to be decoded in 1\.0 s, found it still at work/,
  );
});

test("what is no parquet at all is refused", async () => {
  await expect(readParquet(new TextEncoder().encode("a,b\n1,2\n"), "x.parquet")).rejects.toBeInstanceOf(InputError);
});

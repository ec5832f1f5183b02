import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { layoutSafetensors } from "../../../src/safetensors/write.ts";
import { openDirect, regionWriter } from "../../../src/tensors/write/region-writer.ts";
import type { TensorStream } from "../../../src/tensors/write/tensor-stream.ts";
import { writeTensorFile } from "../../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const scratch = scratchFolder();

function randomBytes(count: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: count }, () => 256 * random());
}

/** Sizes of regions side by side: within a block, across some, and longer than what is written at once. */
const SIZES = [10, 4086, 4096, 1, 70_001, 3_000_003, 4095, 2_097_152, 17];

test("regions side by side, written at once past the page cache, are in the file byte by byte", async ({ skip }) => {
  const path = join(scratch, "regions");
  const bytes = randomBytes(
    SIZES.reduce((a, b) => a + b, 0),
    1,
  );
  await writeFile(path, new Uint8Array(bytes.byteLength));
  const file = await open(path, "r+");
  const direct = await openDirect(path);
  try {
    if (direct === undefined) skip("this file system always goes through the page cache");
    let start = 0;
    const writing = SIZES.map(async (size, index) => {
      const from = start;
      start += size;
      const region = regionWriter({ descriptor: file.fd, direct: direct?.fd }, from);
      const piece = new Uint8Array(50_000 + 1000 * index);
      for (let at = from; at < from + size; at += piece.byteLength) {
        const part = bytes.subarray(at, Math.min(from + size, at + piece.byteLength));
        piece.set(part);
        await region.write(piece.subarray(0, part.byteLength));
        // A piece is used again as soon as it was taken.
        piece.fill(0);
      }
      await region.end();
    });
    await Promise.all(writing);
  } finally {
    await direct?.close();
    await file.close();
  }
  expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
});

test("what cannot be written is told at the latest at the end", async () => {
  const path = join(scratch, "read-only");
  await writeFile(path, new Uint8Array(100_000));
  const file = await open(path, "r");
  const region = regionWriter({ descriptor: file.fd, direct: file.fd }, 0);
  try {
    await region.write(new Uint8Array(3000));
    await region.write(new Uint8Array(50_000));
    await expect(region.end()).rejects.toThrow(/EBADF/);
  } finally {
    await file.close();
  }
});

test("a file for later has the bytes of any other", async () => {
  const streams = [1_500_000, 333, 40_000].map(
    (elements, seed): TensorStream => ({
      name: `t${seed}`,
      dtype: "BF16",
      shape: [elements],
      // oxlint-disable-next-line require-await -- a stream is asynchronous
      async *chunks() {
        const bytes = randomBytes(2 * elements, seed).map((byte, i) => (i % 2 === 1 ? byte & 0x3f : byte));
        for (let at = 0; at < bytes.byteLength; at += 100_000) yield bytes.slice(at, at + 100_000);
      },
    }),
  );
  const [now, later] = ["now", "later"].map((name) => join(scratch, name));
  const layout = layoutSafetensors(streams);
  const digests = await writeTensorFile(now ?? "", layout, streams);
  expect(await writeTensorFile(later ?? "", layout, streams, { keptForLater: true, directFrom: 0 })).toEqual(digests);
  expect(Buffer.compare(await readFile(later ?? ""), await readFile(now ?? ""))).toBe(0);
});

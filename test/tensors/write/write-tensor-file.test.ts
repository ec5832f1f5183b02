import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { layoutSafetensors } from "../../../src/safetensors/write.ts";
import { encodeTo } from "../../../src/tensors/convert.ts";
import type { TensorStream } from "../../../src/tensors/write/tensor-stream.ts";
import { tensorsDigest } from "../../../src/tensors/write/tensors-digest.ts";
import { digestStreams, writeTensorFile } from "../../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { mountSmallDisk } from "../../helpers/files/small-disk.ts";
import { openWeights } from "../../helpers/models/open-weights.ts";

const scratch = scratchFolder();

/** A BF16 tensor whose bytes come `pieces` times in pieces of 64 elements. */
function streamOf(name: string, pieces: number): TensorStream {
  return {
    name,
    dtype: "BF16",
    shape: [pieces, 64],
    // oxlint-disable-next-line require-await -- a stream is asynchronous
    async *chunks() {
      for (let piece = 0; piece < pieces; piece++) {
        const bytes = new Uint8Array(128);
        encodeTo(
          bytes,
          "BF16",
          Float32Array.from({ length: 64 }, (_, i) => (piece + 1) * (i - 32)),
        );
        yield bytes;
      }
    },
  };
}

test("tensors are found where the layout put them, whatever the order in which they came", async () => {
  const streams = [streamOf("b", 3), streamOf("a", 2)];
  const path = join(scratch, "two.safetensors");
  const digests = await writeTensorFile(path, layoutSafetensors(streams), streams);
  expect(digests.map(({ name }) => name)).toEqual(["b", "a"]);
  expect(tensorsDigest(digests)).toBe(tensorsDigest(await digestStreams(streams.toReversed())));
  const reader = await openWeights(path);
  const last = new Uint8Array(2);
  await reader.read("b", 3 * 128 - 2, last);
  const expected = new Uint8Array(2);
  encodeTo(expected, "BF16", Float32Array.of(3 * 31));
  expect(last).toEqual(expected);
  await reader.close();
});

test("a stream that fails leaves no file", async () => {
  const broken: TensorStream = {
    ...streamOf("a", 1),
    // oxlint-disable-next-line require-await, require-yield -- fails before its first piece
    async *chunks() {
      throw new Error("the reading failed");
    },
  };
  const folder = join(scratch, "broken");
  await mkdir(folder);
  const writing = writeTensorFile(join(folder, "x.safetensors"), layoutSafetensors([broken]), [broken]);
  await expect(writing).rejects.toThrow("the reading failed");
  expect(await readdir(folder)).toEqual([]);
});

const disk = mountSmallDisk("64k");
afterAll(() => disk?.remove());

test.skipIf(disk === undefined)("a full disk is said to be one, and nothing is left on it", async () => {
  const folder = disk?.folder ?? "";
  const streams = [streamOf("a", 4000)];
  await expect(writeTensorFile(join(folder, "x.gguf"), layoutSafetensors(streams), streams)).rejects.toThrow(
    /No space left on the disk while writing .*x.gguf/,
  );
  expect(await readdir(folder)).toEqual([]);
  expect((await stat(folder)).isDirectory()).toBe(true);
});

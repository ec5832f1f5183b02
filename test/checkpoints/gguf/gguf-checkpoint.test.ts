import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readModelConfig } from "../../../src/checkpoints/config.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { writeGguf } from "./write-gguf.ts";

const source = join(projectRoot, "checkpoints/pocket/len");
const folder = scratchFolder();

/** A text of one letter as GGUF writes it: its length in 8 bytes, then its bytes. */
function oneLetter(letter: string): Buffer {
  return Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0, 0, 0), Buffer.from(letter)]);
}

describe("a GGUF file as checkpoint", () => {
  test("has the tensors, bit for bit, and the config of the checkpoint it was made from", async () => {
    await writeGguf(source, join(folder, "len.gguf"), "bf16");
    const [original, converted] = await Promise.all([openCheckpoint(source), openCheckpoint(join(folder, "len.gguf"))]);
    expect(new Set(converted.reader.tensors.keys())).toEqual(new Set(original.reader.tensors.keys()));
    const different: string[] = [];
    for (const [name, { dtype, byteLength, shape }] of converted.reader.tensors) {
      expect(shape).toEqual(original.reader.tensors.get(name)?.shape);
      if (dtype !== "BF16") continue;
      const [ours, theirs] = [new Uint8Array(byteLength), new Uint8Array(byteLength)];
      await Promise.all([converted.reader.read(name, 0, ours), original.reader.read(name, 0, theirs)]);
      if (Buffer.compare(ours, theirs) !== 0) different.push(name);
    }
    expect(different).toEqual([]);
    const configs = [original, converted].map(({ config }) => ({ ...readModelConfig(config, ""), dtype: undefined }));
    expect(configs[1]).toEqual(configs[0]);
    await Promise.all([original.close(), converted.close()]);
  });

  test("becomes the same GGUF file again", async () => {
    const [once, twice] = [join(folder, "once.gguf"), join(folder, "twice.gguf")];
    await writeGguf(source, once, "bf16");
    await writeGguf(once, twice, "bf16");
    expect(Buffer.compare(await readFile(once), await readFile(twice))).toBe(0);
  });

  test("is refused when it is quantised", async () => {
    await writeGguf(source, join(folder, "q8.gguf"), "q8_0");
    await expect(openCheckpoint(join(folder, "q8.gguf"))).rejects.toThrow("expected F32, F16 or BF16");
  });

  test("is refused when it is cut short", async () => {
    const path = join(folder, "cut.gguf");
    await writeGguf(source, path, "bf16");
    await writeFile(path, (await readFile(path)).subarray(0, -4));
    await expect(openCheckpoint(path)).rejects.toThrow("truncated");
  });

  test("is refused when two tokens are equal", async () => {
    const path = join(folder, "twins.gguf");
    await writeGguf(source, path, "bf16");
    const bytes = await readFile(path);
    oneLetter("#").copy(bytes, bytes.indexOf(oneLetter("!")));
    await writeFile(path, bytes);
    await expect(openCheckpoint(path)).rejects.toThrow("expected every token once, found 1 twice");
  });

  test("is refused when it is something else", async () => {
    await writeFile(join(folder, "text.gguf"), "hello, world");
    await expect(openCheckpoint(join(folder, "text.gguf"))).rejects.toThrow("expected a GGUF file");
  });
});

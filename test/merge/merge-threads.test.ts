import { copyFile, mkdir, readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { type MergePlan, planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import type { TensorStream } from "../../src/tensors/write/tensor-stream.ts";
import { digestStreams, writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const THREADS = { threadsFrom: 0 };
const NO_THREADS = { threadsFrom: Number.POSITIVE_INFINITY };

let scratch = "";
beforeAll(async () => {
  scratch = scratchFolder();
  await mkdir(join(scratch, "expert"));
  for (const file of ["config.json", "model.safetensors"]) {
    await copyFile(join(projectRoot, "checkpoints/pocket/len", file), join(scratch, "expert", file));
  }
});

function planOf(method: object = { merge_method: "linear" }): Promise<MergePlan> {
  const models = [join(scratch, "expert"), "checkpoints/pocket/accfmt"].map((model, index) => ({
    model,
    parameters: { weight: [0.3, 0.7][index] },
  }));
  return planMerge(parseRecipe({ ...method, models, dtype: "bfloat16" }, "test"), { root: projectRoot, seed: 3 });
}

/** A stream that no thread can make. */
function computed(stream: TensorStream): TensorStream {
  return { ...stream, remote: undefined };
}

const RANDOM = {
  merge_method: "dare_ties",
  base_model: "checkpoints/pocket/accfmt",
  parameters: { density: 0.5 },
};

test.each([
  { merge_method: "linear" },
  { merge_method: "nuslerp" },
  { ...RANDOM, merge_method: "ties" },
  RANDOM,
  { ...RANDOM, merge_method: "della", parameters: { density: 0.5, epsilon: 0.1 } },
])("threads make the same tensors as one, in the same order, whether all or some are theirs: %o", async (method) => {
  const plan = await planOf(method);
  const streams = mergeStreams(plan);
  const alone = await digestStreams(streams, NO_THREADS);
  const mixed = streams.map((stream, index) => (index % 3 === 0 ? computed(stream) : stream));
  expect(streams.every(({ remote }) => remote !== undefined)).toBe(true);
  expect(await digestStreams(streams, THREADS)).toEqual(alone);
  expect(await digestStreams(mixed, THREADS)).toEqual(alone);
  const path = join(scratch, "merged.safetensors");
  const told: string[] = [];
  const options = { ...THREADS, onStored: ({ name }: { name: string }) => told.push(name) };
  expect(await writeTensorFile(path, layoutSafetensors(streams), mixed, options)).toEqual(alone);
  // Of each tensor once, whoever has made it.
  expect(told.toSorted()).toEqual(streams.map(({ name }) => name).toSorted());
  await plan.close();
});

test("threads end when the work is called off", async () => {
  const plan = await planOf();
  const folder = join(scratch, "aborted");
  const streams = mergeStreams(plan);
  const options = { ...THREADS, signal: AbortSignal.timeout(1) };
  const writing = writeTensorFile(join(folder, "x.safetensors"), layoutSafetensors(streams), streams, options);
  await expect(writing).rejects.toMatchObject({ name: "TimeoutError" });
  expect(await readdir(folder)).toEqual([]);
  await plan.close();
});

test("the work ends while a tensor is surveyed, too", async () => {
  const plan = await planOf(RANDOM);
  const stop = new AbortController();
  const scanned: string[] = [];
  const streams = mergeStreams(plan).map((stream): TensorStream => {
    const chunks: TensorStream["chunks"] = (pause) =>
      stream.chunks(async () => {
        scanned.push(stream.name);
        stop.abort(new Error("called off"));
        await pause?.();
      });
    return { ...computed(stream), chunks };
  });
  await expect(digestStreams(streams, { signal: stop.signal })).rejects.toThrow("called off");
  expect(scanned).toHaveLength(1);
  await plan.close();
});

test("what fails in a thread is thrown as it was, and no file is left", async () => {
  const plan = await planOf();
  await truncate(join(scratch, "expert", "model.safetensors"), 4000);
  const folder = join(scratch, "failed");
  const streams = mergeStreams(plan);
  const writing = writeTensorFile(join(folder, "x.safetensors"), layoutSafetensors(streams), streams, THREADS);
  const failure: unknown = await writing.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InputError);
  expect(String(failure)).toMatch(/^InputError: .*expert.model.safetensors ends too early/);
  expect(failure).toHaveProperty("hint", expect.stringMatching(/fetch or make it again/));
  expect(await readdir(folder)).toEqual([]);
  await plan.close();
});

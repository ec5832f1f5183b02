import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { CheckpointPool } from "../../src/merge/checkpoint-pool.ts";
import { digestCheckpoint, digestMerge } from "../../src/merge/digest-weights.ts";
import { type MergePlan, planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { tensorsDigest } from "../../src/tensors/write/tensors-digest.ts";
import { writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

let scratch = "";
let pool: CheckpointPool;
beforeAll(() => {
  scratch = scratchFolder();
  pool = new CheckpointPool(projectRoot);
});
afterAll(async () => {
  await pool.close();
});

function pocketPlan(weight: string, rest: object = {}): Promise<MergePlan> {
  const recipe = parseRecipe(
    {
      merge_method: "linear",
      models: [
        { model: "checkpoints/pocket/len", parameters: { weight } },
        { model: "checkpoints/pocket/accfmt", parameters: { weight: 1 - Number(weight) } },
      ],
      dtype: "bfloat16",
      ...rest,
    },
    "test",
  );
  return planMerge(recipe, { root: projectRoot, pool });
}

test("a merged checkpoint is a folder that opens as any other, with the digest that was promised", async () => {
  const folder = join(scratch, "merged");
  const plan = await pocketPlan("0.3");
  const { weightsSha256, tensors } = await writeMergedCheckpoint(plan, folder, {
    recipeText: "merge_method: linear\n",
  });
  expect((await digestMerge(plan)).weightsSha256).toBe(weightsSha256);
  const merged = await openCheckpoint(folder);
  expect((await digestCheckpoint(merged)).weightsSha256).toBe(weightsSha256);
  expect(merged.reader.tensors.size).toBe(tensors.length);
  await merged.close();
  const names = await readdir(folder);
  expect(names).toEqual(
    expect.arrayContaining(["README.md", "config.json", "mergekit_config.yml", "model.safetensors"]),
  );
  expect(await readFile(join(folder, "README.md"), "utf8")).toContain(weightsSha256);
  expect(await readFile(join(folder, "tokenizer.json"))).toEqual(
    await readFile(join(projectRoot, "checkpoints/pocket/len/tokenizer.json")),
  );
});

test("the digest does not depend on shards, file format or storage", async () => {
  const plan = await pocketPlan("0.4");
  const { weightsSha256 } = await digestMerge(plan);
  const sharded = await writeMergedCheckpoint(plan, join(scratch, "sharded"), { shardBytes: 1_000_000 });
  expect(sharded.weightsSha256).toBe(weightsSha256);
  expect(
    (await readdir(join(scratch, "sharded"))).filter((name) => name.endsWith(".safetensors")).length,
  ).toBeGreaterThan(1);
  const asF32 = layoutSafetensors(plan.tensors.map(({ name, shape }) => ({ name, shape, dtype: "F32" })));
  const stored = await writeTensorFile(join(scratch, "f32.safetensors"), asF32, mergeStreams(plan));
  expect(tensorsDigest(stored)).toBe(weightsSha256);
});

test("at weight 1 the merge is the first expert, bit for bit", async () => {
  const expert = await pool.open("checkpoints/pocket/len");
  const [merged, alone] = [await digestMerge(await pocketPlan("1")), await digestCheckpoint(expert)];
  expect(merged.weightsSha256).toBe(alone.weightsSha256);
});

test("a folder that has something in it is not touched", async () => {
  const folder = join(scratch, "used");
  await mkdir(folder);
  await writeFile(join(folder, "notes.txt"), "mine");
  await expect(writeMergedCheckpoint(await pocketPlan("0.5"), folder)).rejects.toThrow(/Expected a new folder/);
  expect(await readdir(folder)).toEqual(["notes.txt"]);
});

const refuseToRead = (): Promise<void> => Promise.reject(new Error("weights were read"));

/** The same merge of weights that cannot be read: whatever it says comes before they are. */
function withoutReading(plan: MergePlan): MergePlan {
  const tensors = plan.tensors.map((tensor) => ({
    ...tensor,
    inputs: tensor.inputs.map((input) => ({ ...input, reader: { ...input.reader, read: refuseToRead } })),
  }));
  return { ...plan, tensors };
}

test("of two merges into one folder at once, the first to end has it, and the other says so", async () => {
  const folder = join(scratch, "wanted-twice");
  const plan = await pocketPlan("0.4");
  const settled = await Promise.allSettled([1, 2].map(() => writeMergedCheckpoint(plan, folder)));
  expect(settled.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = settled.find((one) => one.status === "rejected");
  expect(String(refused?.reason)).toMatch(
    /^InputError: Expected a new folder .*wanted-twice, found that somebody else/,
  );
  expect((await readdir(scratch)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a tokenizer file that is a link to another file of the machine is not copied, and costs no merge", async () => {
  const donor = join(scratch, "linked");
  await cp(join(projectRoot, "checkpoints/pocket/len"), donor, { recursive: true });
  await rm(join(donor, "tokenizer_config.json"));
  await writeFile(join(scratch, "secret"), "key");
  await symlink(join(scratch, "secret"), join(donor, "tokenizer_config.json"));
  const models = [{ model: donor, parameters: { weight: 1 } }];
  const plan = await planMerge(parseRecipe({ merge_method: "linear", models }, "test"), { root: projectRoot, pool });
  const folder = join(scratch, "leak");
  await expect(writeMergedCheckpoint(withoutReading(plan), folder)).rejects.toThrow(
    /tokenizer_config.json: .*found a link to .*secret/,
  );
  expect(await readdir(scratch)).not.toContain("leak");
});

test("a merge that is interrupted leaves nothing", async () => {
  const folder = join(scratch, "interrupted");
  const plan = await pocketPlan("0.5");
  const before = await readdir(scratch);
  await expect(writeMergedCheckpoint(plan, folder, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  const layout = layoutSafetensors(plan.tensors);
  const options = { signal: AbortSignal.abort() };
  const half = writeTensorFile(join(scratch, "half.gguf"), layout, mergeStreams(plan), options);
  await expect(half).rejects.toThrow(/abort/i);
  expect(await readdir(scratch)).toEqual(before);
});

function twoWeights(weight: number): unknown {
  return {
    merge_method: "linear",
    models: [
      { model: "checkpoints/pocket/len", parameters: { weight: 1 } },
      { model: "checkpoints/pocket/accfmt", parameters: { weight } },
    ],
  };
}

test("weights that cancel out are refused before anything is written", async () => {
  await expect(planMerge(parseRecipe(twoWeights(-1), "test"), { root: projectRoot, pool })).rejects.toThrow(
    /expected weights with a sum that can be divided by, found 1, -1 with the sum 0/,
  );
  await expect(planMerge(parseRecipe(twoWeights(1e39), "test"), { root: projectRoot, pool })).rejects.toThrow(
    /can hold/,
  );
});

test("a model that is named twice keeps both its weights", async () => {
  const models = [0.25, 0.75].map((weight) => ({ model: "checkpoints/pocket/len", parameters: { weight } }));
  const plan = await planMerge(parseRecipe({ merge_method: "linear", models }, "test"), { root: projectRoot, pool });
  expect(plan.tensors[0]?.inputs.map((input) => input.parameters.get("weight"))).toEqual([0.25, 0.75]);
});

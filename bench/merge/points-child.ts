import { rmSync } from "node:fs";
import { CheckpointPool } from "../../src/merge/checkpoint-pool.ts";
import { planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";

// Merges the two models that are named at some weights in one process, as a sweep does, and prints what each point took.
const [out = "", ...models] = process.argv.slice(2);
const pool = new CheckpointPool(".");
const points: { plan: number; merge: number; cpu: number }[] = [];
for (const weight of [0.1, 0.2, 0.3]) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const sources = models.map((model, index) => ({ model, parameters: { weight: index === 0 ? weight : 1 - weight } }));
  const recipe = parseRecipe({ merge_method: "linear", models: sources, dtype: "bfloat16" }, "bench");
  const plan = await planMerge(recipe, { root: ".", pool });
  const planned = performance.now();
  await writeTensorFile(out, layoutSafetensors(plan.tensors), mergeStreams(plan));
  const used = process.cpuUsage(cpu);
  rmSync(out);
  points.push({
    plan: planned - start,
    merge: (performance.now() - planned) / 1000,
    cpu: (used.user + used.system) / 1e6,
  });
}
await pool.close();
process.stdout.write(JSON.stringify(points));

import { join } from "node:path";
import { getLlama, type Llama, LlamaLogLevel, type Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { writeGguf } from "./gguf/write-gguf.ts";
import { ODD_CONFIGS, ODD_PROMPT, writeOddModel } from "./odd-configs.ts";
import { copyPocketTokenizer } from "./tiny-checkpoint.ts";

let root: string;
let llama: Llama;
beforeAll(async () => {
  root = scratchFolder();
  llama = await getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: LlamaLogLevel.error });
});
afterAll(async () => {
  await llama.dispose();
});

/** What llama.cpp generates with a checkpoint, greedily, in F32: token ids. */
async function generate(folder: string, count: number): Promise<number[]> {
  await writeGguf(folder, `${folder}.gguf`, "f32");
  const model = await llama.loadModel({ modelPath: `${folder}.gguf` });
  const context = await model.createContext({
    contextSize: 128,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const tokens: number[] = [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ids of a file
  const prompt = ODD_PROMPT as Token[];
  for await (const token of context.getSequence().evaluate([...prompt], { temperature: 0, yieldEogToken: true })) {
    tokens.push(token);
    if (tokens.length === count) break;
  }
  await context.dispose();
  await model.dispose();
  return tokens;
}

describe("a checkpoint is read in one way", () => {
  test.each(ODD_CONFIGS.map((odd, i) => [odd.architecture, odd.name, odd, i] as const))(
    "%s with %s: by transformers, here, and after a merge of it alone",
    async (_architecture, _name, odd, i) => {
      const folder = join(root, String(i));
      await writeOddModel(folder, odd);
      await copyPocketTokenizer(folder);
      expect(await generate(folder, odd.tokens.length)).toEqual(odd.tokens);
      const recipe = { merge_method: "passthrough", models: [{ model: folder }], dtype: "bfloat16" };
      const plan = await planMerge(parseRecipe(recipe, "test"), { root });
      await writeMergedCheckpoint(plan, join(root, `${i}-merged`));
      await plan.close();
      expect(await generate(join(root, `${i}-merged`), odd.tokens.length)).toEqual(odd.tokens);
    },
  );
});

test("layers that change places keep their kind of attention", async () => {
  const odd = ODD_CONFIGS.find(({ architecture, name }) => architecture === "gemma2" && name === "a short window");
  if (odd === undefined) throw new Error("There is no such config");
  const folder = join(root, "turned");
  await writeOddModel(folder, odd);
  await copyPocketTokenizer(folder);
  const once = await generate(folder, 12);
  const turned = async (from: string, to: string): Promise<void> => {
    const slices = [1, 0].map((layer) => ({ sources: [{ model: from, layer_range: [layer, layer + 1] }] }));
    const recipe = { merge_method: "passthrough", slices, dtype: "bfloat16" };
    const plan = await planMerge(parseRecipe(recipe, "test"), { root });
    await writeMergedCheckpoint(plan, to);
    await plan.close();
  };
  await turned(folder, join(root, "turned-once"));
  expect(await generate(join(root, "turned-once"), 12)).not.toEqual(once);
  await turned(join(root, "turned-once"), join(root, "turned-twice"));
  expect(await generate(join(root, "turned-twice"), 12)).toEqual(once);
});

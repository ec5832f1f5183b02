import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeGguf } from "../../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { createLlamaCppRuntime } from "../../../src/models/llama-cpp/llama-cpp.ts";
import { streamReader } from "../../../src/tensors/write/tensor-stream.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";
import { projectRoot } from "../../helpers/shared.ts";

const CONTEXT = 32_768;

let folder: string;
let path: string;

/** The pocket model with a context of 32,768 tokens: what it says there is nonsense, what it takes is not. */
beforeAll(async () => {
  folder = scratchFolder();
  path = join(folder, "long.gguf");
  const checkpoint = await openCheckpoint(join(projectRoot, "checkpoints/pocket/accfmt"));
  const config = { ...checkpoint.config, max_position_embeddings: CONTEXT };
  await writeGguf(path, { ...checkpoint, config }, streamReader(checkpoint.reader), "bf16");
  await checkpoint.close();
});

const PROMPT = "<|im_start|>user\nCompute 56 + 13.<|im_end|>\n<|im_start|>assistant\n";

describe("contexts of 32,768 tokens", { timeout: 120_000 }, () => {
  test("are given to as many sequences as fit into memory; the others wait, and all answer", async () => {
    await using runtime = await createLlamaCppRuntime({ memoryBytes: 600e6 });
    await using model = await runtime.load(path, { contextTokens: CONTEXT, sequences: 16 });
    // A cache of 67 MB each, in 445 MB, beside a batch and the spare one: 4, and one that waits.
    expect(model.sequences).toBe(5);
    expect(model.reasons?.[0]).toMatch(/^4 sequences: more of 32768 tokens/);
    const sampling = { ...GREEDY, temperature: 1, maxTokens: 60 };
    const ask = async (seed: number): Promise<string> =>
      (await model.complete({ prompt: PROMPT, sampling: { ...sampling, seed } })).text;
    const together = await Promise.all(Array.from({ length: 10 }, (_, seed) => ask(seed)));
    const alone: string[] = [];
    for (let seed = 0; seed < 10; seed++) alone.push(await ask(seed));
    expect(together).toEqual(alone);
  });

  test("take a prompt and an answer that fill them, and not one token more", async () => {
    await using runtime = await createLlamaCppRuntime({ memoryBytes: 800e6 });
    await using model = await runtime.load(path, { contextTokens: CONTEXT, sequences: 2 });
    const promptTokens = await model.countTokens(PROMPT);
    const stop = ["</think>"];
    const fits = { ...GREEDY, stop, maxTokens: CONTEXT - promptTokens };
    expect((await model.complete({ prompt: PROMPT, sampling: fits })).finishReason).toBe("stop");
    const tooLong = { ...fits, maxTokens: fits.maxTokens + 1 };
    await expect(model.complete({ prompt: PROMPT, sampling: tooLong })).rejects.toThrow(/context of 32768 tokens/);
  });

  test("are refused where not even one fits", async () => {
    await using runtime = await createLlamaCppRuntime({ memoryBytes: 250e6 });
    await expect(runtime.load(path, { contextTokens: CONTEXT })).rejects.toThrow(
      /memory for a sequence of 32768 tokens/,
    );
    await using model = await runtime.load(path, { contextTokens: 1024 });
    expect(model.sequences).toBeGreaterThan(1);
  });
});

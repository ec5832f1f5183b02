import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { streamReader } from "../../src/tensors/write/tensor-stream.ts";
import { DISTILL_1_5B, makeRandomCheckpoint, SMALL } from "../merge/random-checkpoint.ts";
import { runProgram } from "../run-program.ts";
import { byteTokenizer } from "../runtime/bench-models.ts";

/** A converted merge to generate with. */
export interface LargeModel {
  readonly path: string;
  readonly bytes: number;
}

/** Makes two random checkpoints if they are not there, merges them, converts the merge, and prints what that takes. */
export async function makeLargeModel({
  small,
  folder = join(tmpdir(), "mergesweep-bench"),
}: {
  readonly small: boolean;
  readonly folder?: string | undefined;
}): Promise<LargeModel> {
  const shape = small ? SMALL : DISTILL_1_5B;
  mkdirSync(folder, { recursive: true });
  const models = [1, 2].map((seed) => join(folder, `${small ? "small" : "full"}-${seed}`));
  for (const [index, model] of models.entries()) await makeRandomCheckpoint(model, shape, index + 1);
  const sources = models.map((model) => `  - { model: ${JSON.stringify(model)}, parameters: { weight: 0.5 } }`);
  const config = join(folder, `gpu.${process.pid}.yml`);
  const merged = join(folder, `gpu-merged.${process.pid}`);
  const path = join(folder, `gpu-${small ? "small" : "full"}.gguf`);
  writeFileSync(config, `merge_method: linear\nmodels:\n${sources.join("\n")}\ndtype: bfloat16\n`);
  try {
    const { usage } = await runProgram("../src/cli/main.ts", "merge", config, merged, "--quiet");
    const start = performance.now();
    rmSync(path, { force: true });
    await convert(merged, path, shape.vocabulary);
    const bytes = statSync(path).size;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(
      `\nA random model of ${(bytes / 1e9).toFixed(2)} GB: merged in ${usage.wall.toFixed(1)} s (${(usage.user + usage.system).toFixed(1)} s of CPU), converted in ${seconds} s\n`,
    );
    return { path, bytes };
  } finally {
    rmSync(config, { force: true });
    rmSync(merged, { recursive: true, force: true });
  }
}

async function convert(folder: string, path: string, vocabulary: number): Promise<void> {
  const checkpoint = await openCheckpoint(folder);
  try {
    const complete = {
      ...checkpoint,
      config: { ...checkpoint.config, max_position_embeddings: 32_768 },
      tokenizer: byteTokenizer(vocabulary),
    };
    await writeGguf(path, complete, streamReader(checkpoint.reader), "bf16");
  } finally {
    await checkpoint.close();
  }
}

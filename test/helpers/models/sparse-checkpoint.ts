import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readModelConfig } from "../../../src/checkpoints/config.ts";
import { requiredTensorNames } from "../../../src/checkpoints/tensor-names.ts";
import { layoutSafetensors } from "../../../src/safetensors/write.ts";
import { copyPocketTokenizer } from "../../checkpoints/tiny-checkpoint.ts";

const WIDTH = 64;
const CONFIG = {
  model_type: "llama",
  hidden_size: WIDTH,
  num_attention_heads: 1,
  num_hidden_layers: 1,
  max_position_embeddings: 512,
  vocab_size: 512,
  tie_word_embeddings: true,
};

/** A checkpoint of one layer whose weights are all zero: large to work on, and next to nothing on the disk. */
export async function writeSparseCheckpoint(folder: string, feedForward: number): Promise<void> {
  const config = { ...CONFIG, intermediate_size: feedForward };
  const shapeOf = (name: string): number[] => {
    if (name.endsWith("norm.weight")) return [WIDTH];
    if (name.includes("down_proj")) return [WIDTH, feedForward];
    if (name.includes("mlp")) return [feedForward, WIDTH];
    return name.includes("embed") ? [config.vocab_size, WIDTH] : [WIDTH, WIDTH];
  };
  const tensors = requiredTensorNames(readModelConfig(config, folder)).map((name) => ({
    name,
    dtype: "BF16" as const,
    shape: shapeOf(name),
  }));
  const { header, byteLength } = layoutSafetensors(tensors);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await copyPocketTokenizer(folder);
  const file = await open(join(folder, "model.safetensors"), "wx");
  await file.writeFile(header);
  await file.truncate(byteLength);
  await file.close();
}

import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { toBf16Bits } from "../../src/tensors/convert.ts";
import { elementCount } from "../../src/tensors/tensor-info.ts";
import { CHUNK_ELEMENTS, type TensorStream } from "../../src/tensors/write/tensor-stream.ts";
import { writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";

/** The sizes of a Qwen2 model, as its config.json has them. */
export interface ModelShape {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly keyValue: number;
  readonly vocabulary: number;
}

/** DeepSeek-R1-Distill-Qwen-1.5B: 1,777,088,000 parameters in 339 tensors. */
export const DISTILL_1_5B: ModelShape = {
  layers: 28,
  hidden: 1536,
  intermediate: 8960,
  keyValue: 256,
  vocabulary: 151_936,
};
/** The same in small: 111 million parameters. */
export const SMALL: ModelShape = { layers: 4, hidden: 768, intermediate: 4480, keyValue: 128, vocabulary: 50_000 };

/** Different values in a checkpoint; a prime, so that no two tensors start at the same one. */
const VALUES = 16_777_213;

/**
 * Makes a checkpoint of BF16 weights, normal around 0 with the deviation 0.02 as trained ones are, unless it is there.
 *
 * @param seed another one gives other weights
 */
export async function makeRandomCheckpoint(folder: string, shape: ModelShape, seed: number): Promise<void> {
  if (existsSync(folder)) return;
  const temporary = `${folder}.${process.pid}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    const values = normalValues(seed);
    let used = 0;
    const streams = tensorShapes(shape).map(([name, sizes]): TensorStream => {
      const start = used;
      used += elementCount(sizes);
      return { name, dtype: "BF16", shape: sizes, chunks: () => piecesFrom(values, start, elementCount(sizes)) };
    });
    await writeTensorFile(join(temporary, "model.safetensors"), layoutSafetensors(streams), streams);
    const config = {
      architectures: ["Qwen2ForCausalLM"],
      model_type: "qwen2",
      num_hidden_layers: shape.layers,
      hidden_size: shape.hidden,
      intermediate_size: shape.intermediate,
      num_attention_heads: shape.hidden / 128,
      num_key_value_heads: shape.keyValue / 128,
      vocab_size: shape.vocabulary,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: false,
      torch_dtype: "bfloat16",
    };
    await writeFile(join(temporary, "config.json"), JSON.stringify(config));
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function tensorShapes({ layers, hidden, intermediate, keyValue, vocabulary }: ModelShape): [string, number[]][] {
  const ofLayer: [string, number[]][] = [
    ["input_layernorm.weight", [hidden]],
    ["mlp.down_proj.weight", [hidden, intermediate]],
    ["mlp.gate_proj.weight", [intermediate, hidden]],
    ["mlp.up_proj.weight", [intermediate, hidden]],
    ["post_attention_layernorm.weight", [hidden]],
    ["self_attn.k_proj.bias", [keyValue]],
    ["self_attn.k_proj.weight", [keyValue, hidden]],
    ["self_attn.o_proj.weight", [hidden, hidden]],
    ["self_attn.q_proj.bias", [hidden]],
    ["self_attn.q_proj.weight", [hidden, hidden]],
    ["self_attn.v_proj.bias", [keyValue]],
    ["self_attn.v_proj.weight", [keyValue, hidden]],
  ];
  return [
    ["lm_head.weight", [vocabulary, hidden]],
    ["model.embed_tokens.weight", [vocabulary, hidden]],
    ...Array.from({ length: layers }, (_, layer) =>
      ofLayer.map(([name, sizes]): [string, number[]] => [`model.layers.${layer}.${name}`, sizes]),
    ).flat(),
    ["model.norm.weight", [hidden]],
  ];
}

function normalValues(seed: number): Uint16Array {
  const random = seededRandom(seed);
  return Uint16Array.from({ length: VALUES }, () =>
    toBf16Bits(0.02 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  );
}

async function* piecesFrom(values: Uint16Array, start: number, count: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < count; at += CHUNK_ELEMENTS) {
    const piece = new Uint16Array(Math.min(CHUNK_ELEMENTS, count - at));
    const from = (start + at) % VALUES;
    const head = values.subarray(from, from + piece.length);
    piece.set(head);
    if (head.length < piece.length) piece.set(values.subarray(0, piece.length - head.length), head.length);
    yield new Uint8Array(piece.buffer);
  }
}

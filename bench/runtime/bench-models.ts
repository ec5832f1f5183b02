import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import type { Checkpoint } from "../../src/checkpoints/checkpoint.ts";
import { writeGguf } from "../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { readTokenizer } from "../../src/checkpoints/tokenizer/read-tokenizer.ts";
import { TOKEN_TYPE } from "../../src/checkpoints/tokenizer/token-type.ts";
import type { Tokenizer } from "../../src/checkpoints/tokenizer/tokenizer.ts";
import { madeTokenizer } from "../../src/checkpoints/tokenizer/tokenizer-source.ts";
import { toBf16Bits } from "../../src/tensors/convert.ts";
import { elementCount } from "../../src/tensors/tensor-info.ts";
import { CHUNK_ELEMENTS, streamReader, type TensorStream } from "../../src/tensors/write/tensor-stream.ts";
import { projectRoot } from "../../test/helpers/shared.ts";
import { cacheFolder } from "./cache-folder.ts";

/** A model to measure with: its weights, and prompts that differ from the first tokens on. */
export interface BenchModel {
  readonly name: string;
  readonly path: string;
  readonly prompts: readonly string[];
  /** Tokens that every sequence generates in a round. */
  readonly tokens: number;
}

/** Prompts that there are: as many as the most sequences that are measured. */
const PROMPTS = 64;

/**
 * The embedded pocket model (2.5 M parameters). Its end tokens have other names here, so that every sequence generates as
 * many tokens as any other engine would: llama.cpp knows them by their texts.
 */
export async function pocketModel(): Promise<BenchModel> {
  const checkpoint = await openCheckpoint(join(projectRoot, "checkpoints/pocket/accfmt"));
  try {
    const tokenizer = await readTokenizer(checkpoint);
    const endless = {
      ...tokenizer,
      tokens: tokenizer.tokens.map((token) => token.replace(/^<\|(.*)\|>$/, "<+$1+>")),
      eosIds: [unusedId(tokenizer)],
    };
    const path = await cached("pocket-endless.gguf", (file) =>
      writeGguf(file, { ...checkpoint, tokenizer: endless }, streamReader(checkpoint.reader), "bf16"),
    );
    const prompts = Array.from(
      { length: PROMPTS },
      (_, i) =>
        `<+im_start+>user\nTom has ${i + 10} apples and buys ${3 * i + 2} more. How many does he have?<+im_end+>\n<+im_start+>assistant\n`,
    );
    return { name: "pocket", path, prompts, tokens: 128 };
  } finally {
    await checkpoint.close();
  }
}

/** The last ordinary token: a model that was trained on arithmetic never says it. */
function unusedId({ types }: Tokenizer): number {
  return types.lastIndexOf(TOKEN_TYPE.normal);
}

/** The shape of a random model in the manner of Qwen2. */
interface RandomShape {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_hidden_layers: number;
  readonly num_key_value_heads: number;
}

/** Tokens of Qwen2's vocabulary. */
const VOCABULARY = 151_936;

const SHAPES = {
  /** Of Qwen2-0.5B: 1 GB in BF16. */
  "0.5b": {
    hidden_size: 896,
    intermediate_size: 4864,
    num_attention_heads: 14,
    num_hidden_layers: 24,
    num_key_value_heads: 2,
  },
  /** Hardly anything but the vocabulary. */
  vocabulary: {
    hidden_size: 64,
    intermediate_size: 64,
    num_attention_heads: 1,
    num_hidden_layers: 1,
    num_key_value_heads: 1,
  },
} as const satisfies Record<string, RandomShape>;

/** A random model in the shape of Qwen2-0.5B, with a token a byte and names for the rest. */
export function halfBillionModel(): Promise<BenchModel> {
  return randomModel("0.5b", "0.5b", 32);
}

/**
 * A model of one small layer and 151,936 tokens.
 *
 * @param sharpness what the last norm multiplies by: with 75 the likeliest token mostly has more than half of the probability, as
 *   with trained models; with 1 all tokens are about equal
 */
export function vocabularyModel(sharpness: number): Promise<BenchModel> {
  return randomModel(`vocabulary-${sharpness}`, "vocabulary", 32, sharpness);
}

async function randomModel(
  name: string,
  shape: keyof typeof SHAPES,
  tokens: number,
  sharpness?: number,
): Promise<BenchModel> {
  const checkpoint: Checkpoint = {
    path: `random ${name}`,
    format: "safetensors",
    origins: [],
    reader: { tensors: new Map(), read: () => Promise.resolve(), close: () => Promise.resolve() },
    config: {
      ...SHAPES[shape],
      model_type: "qwen2",
      architectures: ["Qwen2ForCausalLM"],
      max_position_embeddings: 32_768,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      tie_word_embeddings: true,
      vocab_size: VOCABULARY,
    },
    tokenizerFiles: madeTokenizer(`random ${name}`, new Map()),
    tokenizer: byteTokenizer(VOCABULARY),
    close: () => Promise.resolve(),
  };
  const path = await cached(`random-${name}.gguf`, (file) =>
    writeGguf(file, checkpoint, randomTensors(SHAPES[shape], sharpness), "bf16"),
  );
  const prompts = Array.from({ length: PROMPTS }, (_, i) => `${String(i).padStart(3, "0")} and so it was`);
  return { name, path, prompts, tokens };
}

/** A token a byte and names for the rest. */
export function byteTokenizer(size: number): Tokenizer {
  const bytes = byteLevelAlphabet();
  const tokens = Array.from({ length: size }, (_, id) => bytes[id] ?? `w${id}`);
  return {
    kind: "bpe",
    pre: "qwen2",
    tokens,
    types: tokens.map((_, id) => (id === size - 1 ? TOKEN_TYPE.control : TOKEN_TYPE.normal)),
    merges: [],
    scores: [],
    bosId: undefined,
    eosIds: [size - 1],
    unknownId: undefined,
    padId: undefined,
    addBos: false,
    addSpacePrefix: false,
    chatTemplate: undefined,
  };
}

/** The characters that GPT-2's byte-level BPE writes bytes as: printable ones as they are, the others from U+0100 on. */
function byteLevelAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** A tensor that is one block of values again and again. */
function filled(values: Uint16Array<ArrayBuffer>, name: string, shape: number[]): TensorStream {
  return {
    name,
    dtype: "BF16",
    shape,
    async *chunks() {
      for (let left = elementCount(shape); left > 0; left -= CHUNK_ELEMENTS) {
        yield await Promise.resolve(new Uint8Array(values.buffer, 0, 2 * Math.min(left, CHUNK_ELEMENTS)));
      }
    },
  };
}

function randomTensors(model: RandomShape, sharpness: number | undefined): TensorStream[] {
  const { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers } = model;
  const keys = (hidden / model.num_attention_heads) * model.num_key_value_heads;
  const random = seededRandom(1);
  // One block of numbers for all tensors: what they are does not matter to the time, and a gigabyte takes long to draw.
  const block = Uint16Array.from({ length: CHUNK_ELEMENTS }, () => toBf16Bits((random() - 0.5) * 0.07));
  const norm = sharpness === undefined ? block : new Uint16Array(CHUNK_ELEMENTS).fill(toBf16Bits(sharpness));
  const tensor = (name: string, ...sizes: number[]): TensorStream => filled(block, name, sizes);
  const layer = (i: number): TensorStream[] => {
    const at = (name: string, ...shape: number[]): TensorStream => tensor(`model.layers.${i}.${name}`, ...shape);
    return [
      at("input_layernorm.weight", hidden),
      at("self_attn.q_proj.weight", hidden, hidden),
      at("self_attn.q_proj.bias", hidden),
      at("self_attn.k_proj.weight", keys, hidden),
      at("self_attn.k_proj.bias", keys),
      at("self_attn.v_proj.weight", keys, hidden),
      at("self_attn.v_proj.bias", keys),
      at("self_attn.o_proj.weight", hidden, hidden),
      at("post_attention_layernorm.weight", hidden),
      at("mlp.gate_proj.weight", inner, hidden),
      at("mlp.up_proj.weight", inner, hidden),
      at("mlp.down_proj.weight", hidden, inner),
    ];
  };
  return [
    tensor("model.embed_tokens.weight", VOCABULARY, hidden),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    filled(norm, "model.norm.weight", [hidden]),
  ];
}

/** A file of the benchmark's cache, made if it is not there yet. It appears by a rename: half a file is never taken. */
async function cached(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const path = join(cacheFolder(), name);
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return path;
  await mkdir(cacheFolder(), { recursive: true });
  await make(path);
  return path;
}

/** The prompts of a model as a file for the native program: a NUL byte after each. */
export async function writePrompts({ name, prompts }: BenchModel): Promise<string> {
  const path = join(cacheFolder(), `${name}.prompts`);
  await writeFile(path, prompts.map((prompt) => `${prompt}\0`).join(""));
  return path;
}

import { InputError } from "../../base/errors.ts";
import { GGML_TYPES } from "../../gguf/constants.ts";
import { type GgufTensor, layoutGguf } from "../../gguf/write.ts";
import { isFloatDtype } from "../../tensors/dtype.ts";
import type { TensorInfo } from "../../tensors/tensor-info.ts";
import type { StorageType, TensorFileLayout } from "../../tensors/write/file-layout.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { type ModelConfig, readModelConfig } from "../config.ts";
import { checkFields } from "../fields/check-fields.ts";
import { Misfits } from "../fields/misfits.ts";
import { ggufTensorName, isLeftOut, requiredTensorNames, tensorChange } from "../tensor-names.ts";
import { tensorShape } from "../tensor-shape.ts";
import { padTokenizer, readTokenizer } from "../tokenizer/read-tokenizer.ts";
import { ggufMetadata } from "./gguf-metadata.ts";
import { ropeTensors } from "./rope.ts";

/** How the weights of a GGUF are stored; norms and biases are always F32. */
export const GGUF_TYPES = ["bf16", "f16", "f32", "q8_0"] as const;
/** One of them. */
export type GgufType = (typeof GGUF_TYPES)[number];

const HEAD = "lm_head.weight";

const STORAGE: Readonly<Record<GgufType, StorageType>> = { bf16: "BF16", f16: "F16", f32: "F32", q8_0: "Q8_0" };

/** What a person says of a conversion. */
export interface GgufOptions {
  /** Fields of config.json that may be lost: `--allow-unknown`. */
  readonly allowUnknown?: readonly string[] | undefined;
  /** Tokens of the longest text that the model will be run on, if that is known. */
  readonly contextTokens?: number | undefined;
}

/** A layout, and what a person should know of it. */
interface GgufLayout extends TensorFileLayout {
  /** Without the name of the checkpoint. */
  readonly notes: readonly string[];
}

/**
 * The layout of a GGUF file with the config and tokenizer of a checkpoint and these tensors: the checkpoint's own, or
 * merged ones of the same names and shapes. The same bytes for the same checkpoint, whatever the time or the folder.
 * @throws InputError if config, tokenizer and tensors do not make a model that llama.cpp runs as transformers does
 */
export async function layoutCheckpointGguf(
  checkpoint: Checkpoint,
  tensors: readonly TensorInfo[],
  type: GgufType,
  { allowUnknown, contextTokens }: GgufOptions = {},
): Promise<GgufLayout> {
  const { path: where, config: raw } = checkpoint;
  const config = readModelConfig(raw, where);
  const misfits = new Misfits(where, allowUnknown);
  checkFields(config, raw, misfits, contextTokens);
  const headIsDropped = dropsHead(config, tensors, misfits);
  const kept = tensors.filter(({ name }) => !isLeftOut(name, headIsDropped));
  misfits.throwIfAny();
  const tiedEmbeddings = config.tiedEmbeddings || headIsDropped;
  const rows = checkTensors({ ...config, tiedEmbeddings }, raw, kept, where);
  const tokenizer = padTokenizer(await readTokenizer(checkpoint), rows, where);
  const storage = STORAGE[type];
  const metadata = ggufMetadata({ ...config, vocabSize: rows }, raw, tokenizer, storage, where);
  const layout = layoutGguf(metadata, [
    ...ropeTensors(config, raw, where),
    ...kept.map((tensor) => ggufTensor(config, tensor, storage, where)),
  ]);
  return { ...layout, notes: [...(checkpoint.notes ?? []), ...misfits.notes] };
}

/** Whether a head of its own is left out: llama.cpp has no place for it in Gemma 2. Elsewhere it counts, whatever the config says. */
function dropsHead(
  { architecture, tiedEmbeddings }: ModelConfig,
  tensors: readonly TensorInfo[],
  misfits: Misfits,
): boolean {
  if (!tensors.some(({ name }) => name === HEAD)) return false;
  if (architecture === "gemma2") {
    misfits.add(HEAD, `${HEAD}: llama.cpp uses the embedding as the head of gemma2, and there is one of its own`);
    return true;
  }
  if (tiedEmbeddings) {
    misfits.note(
      `tie_word_embeddings is true, and there is an ${HEAD}: it is used, as in transformers 5 and in merges`,
    );
  }
  return false;
}

/** Checks that every tensor is there that the model needs. @returns the rows of the embedding */
function checkTensors(
  config: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  tensors: readonly TensorInfo[],
  where: string,
): number {
  const names = new Set(tensors.map(({ name }) => name));
  const missing = requiredTensorNames(config).filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new InputError(
      `${where}: ${missing.length} tensors are missing that a ${config.architecture} of ${config.layers} layers has, such as ${missing[0]}`,
    );
  }
  checkBiases(config, raw, names, where);
  // The vocabulary is what the embedding says; config.json may be behind it.
  const rows = tensors.find(({ name }) => name === "model.embed_tokens.weight")?.shape[0] ?? 0;
  for (const { name, shape } of tensors) {
    const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined && Number(layer) >= config.layers) {
      throw new InputError(`${where}: tensor ${name} is beyond the ${config.layers} layers of config.json`);
    }
    const expected = tensorShape(config, name, rows);
    if (expected !== undefined && expected.join() !== shape.join()) {
      throw new InputError(
        `${where}: tensor ${name}: expected shape [${expected.join(", ")}] by config.json, found [${shape.join(", ")}]`,
        { hint: "config.json and weights are not of the same checkpoint: fetch it again." },
      );
    }
  }
  return rows;
}

/** Llama's biases are there if config.json says so; transformers ignores others, and makes up those that are missing. */
function checkBiases(
  { architecture, layers }: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
  where: string,
): void {
  if (architecture !== "llama") return;
  for (const [field, parts] of [
    ["attention_bias", ["q", "k", "v", "o"].map((part) => `self_attn.${part}_proj.bias`)],
    ["mlp_bias", ["gate", "up", "down"].map((part) => `mlp.${part}_proj.bias`)],
  ] as const) {
    const wanted = raw[field] === true;
    for (let layer = 0; layer < layers; layer++) {
      const odd = parts.map((part) => `model.layers.${layer}.${part}`).find((name) => names.has(name) !== wanted);
      if (odd === undefined) continue;
      throw new InputError(
        wanted
          ? `${where}: config.json says ${field}, but there is no tensor ${odd}`
          : `${where}: there is a tensor ${odd}, but config.json does not say ${field}: transformers ignores it`,
        { hint: "config.json and weights are not of the same checkpoint: fetch it again, or correct config.json." },
      );
    }
  }
}

function ggufTensor(
  config: ModelConfig,
  { name, dtype, shape }: TensorInfo,
  storage: StorageType,
  where: string,
): GgufTensor {
  const ggufName = ggufTensorName(config.architecture, name);
  if (ggufName === undefined) {
    throw new InputError(`${where}: tensor ${name} has no place in a ${config.architecture} model`);
  }
  if (!isFloatDtype(dtype)) {
    throw new InputError(`${where}: tensor ${name}: expected F32, F16 or BF16, found ${dtype}`);
  }
  const change = tensorChange(config, name);
  const from = change === undefined ? { source: name } : { source: name, change };
  return { name: ggufName, storage: storageOf(shape, storage), shape, from };
}

/** Vectors stay F32, as llama.cpp wants them; rows that are no whole blocks cannot be quantised and become F16. */
function storageOf(shape: readonly number[], storage: StorageType): StorageType {
  if (shape.length < 2) return "F32";
  return (shape.at(-1) ?? 0) % GGML_TYPES[storage].blockElements === 0 ? storage : "F16";
}

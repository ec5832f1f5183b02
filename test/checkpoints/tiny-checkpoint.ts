import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../../src/checkpoints/architecture.ts";
import { readModelConfig } from "../../src/checkpoints/config.ts";
import { requiredTensorNames } from "../../src/checkpoints/tensor-names.ts";
import { projectRoot } from "../helpers/shared.ts";

/** A shape small enough to run in milliseconds, with fewer key than query heads. */
export const TINY = { hidden: 64, heads: 4, keyValueHeads: 2, headSize: 16, feedForward: 96, layers: 2 } as const;

/** The config.json of a tiny model of an architecture. */
function tinyConfig(architecture: Architecture, rows: number): Record<string, unknown> {
  return {
    model_type: architecture,
    hidden_size: TINY.hidden,
    num_attention_heads: TINY.heads,
    num_key_value_heads: TINY.keyValueHeads,
    head_dim: TINY.headSize,
    intermediate_size: TINY.feedForward,
    num_hidden_layers: TINY.layers,
    max_position_embeddings: 512,
    ...(architecture === "phi3" ? { original_max_position_embeddings: 512 } : {}),
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    sliding_window: architecture.startsWith("gemma") ? 64 : null,
    vocab_size: rows,
    tie_word_embeddings: true,
    ...(architecture.startsWith("gemma") ? { query_pre_attn_scalar: TINY.headSize } : {}),
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

/** Random BF16 bits, the same for the same name: equal tensors of two architectures are equal. */
function randomBf16(name: string, count: number): Uint16Array {
  let state = 7;
  for (const letter of name) state = (Math.imul(state, 31) + letter.charCodeAt(0)) >>> 0;
  const cell = new Float32Array(1);
  const bits = new Uint32Array(cell.buffer);
  return Uint16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    cell[0] = (state / 2 ** 32 - 0.5) * 0.5;
    return (bits[0] ?? 0) >>> 16;
  });
}

function shapeOf(name: string, rows: number, headSize: number): number[] {
  const { hidden, heads, keyValueHeads, feedForward } = TINY;
  if (/(embed_tokens|lm_head)\.weight$/.test(name)) return [rows, hidden];
  if (/[qk]_norm\.weight$/.test(name)) return [headSize];
  if (name.endsWith("norm.weight")) return [hidden];
  const [kind, part] = name.split(".").slice(-2);
  const outputs: Record<string, number> = {
    q_proj: heads * headSize,
    k_proj: keyValueHeads * headSize,
    v_proj: keyValueHeads * headSize,
    qkv_proj: (heads + 2 * keyValueHeads) * headSize,
    gate_proj: feedForward,
    up_proj: feedForward,
    gate_up_proj: 2 * feedForward,
  };
  const rowsOut = outputs[kind ?? ""] ?? hidden;
  if (part === "bias") return [rowsOut];
  return [rowsOut, kind === "o_proj" ? heads * headSize : kind === "down_proj" ? feedForward : hidden];
}

interface TinyTensorOptions {
  readonly headSize?: number;
  /** Random ones. */
  readonly biases?: boolean;
  /** Queries and keys four times as large: attention looks at few tokens, and where they are matters. */
  readonly sharp?: boolean;
}

function fourfold(bits: number): number {
  return (bits & 0x7f80) === 0 ? bits : bits + 0x0100;
}

/**
 * The bits of a tensor. Fused ones are their parts one after the other; biases are zero, so that architectures agree, if
 * they are not asked for.
 */
export function tinyTensor(
  name: string,
  rows: number,
  { headSize = TINY.headSize, biases = false, sharp = false }: TinyTensorOptions = {},
): { shape: number[]; bits: Uint16Array } {
  const shape = shapeOf(name, rows, headSize);
  const count = shape.reduce((product, size) => product * size, 1);
  if (name.endsWith(".bias") && !biases) return { shape, bits: new Uint16Array(count) };
  const parts = name.includes("qkv_proj")
    ? ["q_proj", "k_proj", "v_proj"].map((part) => name.replace("qkv_proj", part))
    : name.includes("gate_up_proj")
      ? ["gate_proj", "up_proj"].map((part) => name.replace("gate_up_proj", part))
      : undefined;
  if (parts === undefined) {
    const bits = randomBf16(name, count);
    return { shape, bits: sharp && /[qk]_proj/.test(name) ? bits.map(fourfold) : bits };
  }
  return {
    shape,
    bits: Uint16Array.from(parts.flatMap((part) => [...tinyTensor(part, rows, { headSize, sharp }).bits])),
  };
}

/**
 * Writes config.json and model.safetensors of a tiny random model. The tokenizer is the caller's.
 * @param otherTensors beside those that its config.json asks for
 */
export async function writeTinyModel(
  folder: string,
  architecture: Architecture,
  rows: number,
  more: Record<string, unknown> = {},
  { otherTensors = [], sharp = false }: { otherTensors?: readonly string[]; sharp?: boolean } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config: Record<string, unknown> = { ...tinyConfig(architecture, rows), ...more };
  const headSize = typeof config.head_dim === "number" ? config.head_dim : TINY.headSize;
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const header: Record<string, unknown> = {};
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const name of [...requiredTensorNames(readModelConfig(config, folder)), ...otherTensors]) {
    const { shape, bits } = tinyTensor(name, rows, { headSize, biases: otherTensors.includes(name), sharp });
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + bits.byteLength] };
    offset += bits.byteLength;
    pieces.push(Buffer.from(bits.buffer));
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(join(folder, "model.safetensors"), Buffer.concat([length, text, ...pieces]));
}

/** The byte-level tokenizer of the pocket checkpoints: 512 tokens. */
export async function copyPocketTokenizer(folder: string): Promise<void> {
  const pocket = join(projectRoot, "checkpoints/pocket/base");
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(join(pocket, file), join(folder, file));
}

/** The pieces of a small SentencePiece vocabulary: specials, bytes, characters, then joined pieces, best first. */
export const PIECES: readonly string[] = [
  "<unk>",
  "<s>",
  "</s>",
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  ...Array.from("▁abcdehlortw"),
  "he",
  "ll",
  "hell",
  "hello",
  "▁w",
  "or",
  "▁wor",
  "ld",
  "▁world",
];
const JOINED = PIECES.indexOf("he");

/** tokenizer.json as transformers makes it from such a vocabulary, with a space before every text. */
export function sentencePieceJson(): string {
  const merges = ["h e", "l l", "he ll", "hell o", "▁ w", "o r", "▁w or", "l d", "▁wor ld"];
  return JSON.stringify({
    added_tokens: ["<unk>", "<s>", "</s>"].map((content, id) => ({ id, content, special: true })),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
    },
    decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }] },
    model: {
      type: "BPE",
      unk_token: "<unk>",
      byte_fallback: true,
      vocab: Object.fromEntries(PIECES.map((piece, id) => [piece, id])),
      merges,
    },
  });
}

/** The same vocabulary as tokenizer.model, without a space before texts (as Gemma has it). */
export function sentencePieceModel(): Uint8Array {
  const pieces = PIECES.map((piece, id) => {
    const type = id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
    const text = Buffer.from(piece);
    const score = Buffer.alloc(4);
    score.writeFloatLE(id < JOINED ? 0 : -(id - JOINED));
    const body = Buffer.concat([Buffer.of(0x0a, text.length), text, Buffer.of(0x15), score, Buffer.of(0x18, type)]);
    return Buffer.concat([Buffer.of(0x0a, body.length), body]);
  });
  return Buffer.concat([...pieces, Buffer.of(0x12, 2, 0x18, 2), Buffer.of(0x1a, 2, 0x18, 0)]);
}

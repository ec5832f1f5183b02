import { join } from "node:path";
import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { kindOf } from "../read-json.ts";
import { preTokenizerName } from "./pre-tokenizer.ts";
import { readSentencePieceModel, scoresFromMerges } from "./sentencepiece.ts";
import { TOKEN_TYPE, type TokenType } from "./token-type.ts";

/** Beyond any vocabulary of today (262,144); a larger id would make us fill gaps without end. */
export const MAX_TOKENS = 4_194_304;

/** The vocabulary of a tokenizer before its added tokens are known, and how texts are joined to its tokens. */
export interface TokenizerVocabulary {
  readonly kind: "bpe" | "sentencepiece";
  readonly pre: string;
  readonly tokens: (string | undefined)[];
  readonly types: TokenType[];
  readonly merges: readonly string[];
  readonly scores: number[];
  readonly addSpacePrefix: boolean;
}

/**
 * Reads the vocabulary of tokenizer.json (byte-level BPE, or SentencePiece's BPE) or, where that has none, of tokenizer.model.
 * @throws InputError if there is neither, or one that llama.cpp would cut differently
 */
export function readTokenizerVocabulary(
  json: Record<string, unknown> | undefined,
  model: Uint8Array | undefined,
  folder: string,
): TokenizerVocabulary {
  const bpe = json?.model;
  if (json !== undefined && isRecord(bpe) && usesByteLevel(json)) {
    return {
      kind: "bpe",
      pre: preTokenizerName(json, folder),
      ...readBpe(bpe, folder),
      scores: [],
      addSpacePrefix: false,
    };
  }
  const spacePrefix = json === undefined ? undefined : readSpacePrefix(json);
  if (model !== undefined) {
    const pieces = readSentencePieceModel(model, join(folder, "tokenizer.model"));
    return {
      kind: "sentencepiece",
      pre: "default",
      merges: [],
      ...pieces,
      addSpacePrefix: spacePrefix ?? pieces.addSpacePrefix,
    };
  }
  if (json === undefined) {
    throw new InputError(`${folder}: expected tokenizer.json or tokenizer.model, found neither`, {
      hint: "Load the tokenizer with transformers (AutoTokenizer) and save_pretrained(folder) to get a tokenizer.json.",
    });
  }
  if (!isRecord(bpe) || bpe.type !== "BPE" || bpe.byte_fallback !== true) {
    const found = isRecord(bpe) ? kindOf(bpe.type) : kindOf(bpe);
    throw new InputError(`${folder}: tokenizer.json: expected byte-level or SentencePiece BPE, found model ${found}`);
  }
  const { tokens, types, merges } = readBpe(bpe, folder);
  tokens.forEach((token, id) => {
    if (/^<0x[0-9A-F]{2}>$/.test(token ?? "")) types[id] = TOKEN_TYPE.byte;
    if (token === bpe.unk_token) types[id] = TOKEN_TYPE.unknown;
  });
  const scores = scoresFromMerges(tokens, merges);
  return {
    kind: "sentencepiece",
    pre: "default",
    tokens,
    types,
    merges: [],
    scores,
    addSpacePrefix: spacePrefix ?? true,
  };
}

function readBpe(
  bpe: Record<string, unknown>,
  folder: string,
): { tokens: (string | undefined)[]; types: TokenType[]; merges: string[] } {
  const where = `${folder}: tokenizer.json`;
  if (!isRecord(bpe.vocab)) throw new InputError(`${where}: expected model.vocab, found ${kindOf(bpe.vocab)}`);
  const tokens: (string | undefined)[] = [];
  const types: TokenType[] = [];
  for (const [text, id] of Object.entries(bpe.vocab)) {
    checkTokenId(id, text, where);
    if (tokens[id] !== undefined) {
      throw new InputError(
        `${where}: token id ${id} is both ${JSON.stringify(tokens[id])} and ${JSON.stringify(text)}`,
      );
    }
    tokens[id] = text;
    types[id] = TOKEN_TYPE.normal;
  }
  if (!Array.isArray(bpe.merges)) throw new InputError(`${where}: expected model.merges, found ${kindOf(bpe.merges)}`);
  return { tokens, types, merges: bpe.merges.map((merge: unknown) => mergeText(merge, where)) };
}

/** Merges are `"a b"` in older files and `["a", "b"]` in newer ones. */
function mergeText(merge: unknown, where: string): string {
  if (typeof merge === "string" && /^[^ ]+ [^ ]+$/.test(merge)) return merge;
  if (Array.isArray(merge) && merge.length === 2) {
    const [left, right]: unknown[] = merge;
    if (typeof left === "string" && typeof right === "string" && !/ /.test(left + right)) return `${left} ${right}`;
  }
  throw new InputError(`${where}: expected a merge of two tokens, found ${JSON.stringify(merge)}`);
}

export function checkTokenId(id: unknown, text: string, where: string): asserts id is number {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MAX_TOKENS) return;
  throw new InputError(
    `${where}: token ${JSON.stringify(text)}: expected an id below ${MAX_TOKENS}, found ${kindOf(id)}`,
  );
}

function usesByteLevel(json: Record<string, unknown>): boolean {
  return JSON.stringify([json.pre_tokenizer, json.decoder]).includes('"ByteLevel"');
}

/** Llama puts a space before every text (as a normalizer or in Metaspace), Gemma does not. */
function readSpacePrefix(json: Record<string, unknown>): boolean {
  const steps = JSON.stringify([json.normalizer, json.pre_tokenizer]);
  return (
    steps.includes('"Prepend"') ||
    /"prepend_scheme":"(always|first)"/.test(steps) ||
    (steps.includes('"add_prefix_space":true') && !steps.includes('"prepend_scheme":"never"'))
  );
}

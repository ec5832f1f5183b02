import { InputError } from "../../base/errors.ts";
import { type GgufMetadata, type GgufScalar, numberAt, textAt } from "../../gguf/metadata.ts";
import type { TokenType } from "../tokenizer/token-type.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

const KINDS: ReadonlyMap<string, Tokenizer["kind"]> = new Map([
  ["gpt2", "bpe"],
  ["llama", "sentencepiece"],
]);

/** The tokenizer in the metadata of a GGUF file. @throws InputError if it is incomplete, or of another kind */
export function tokenizerOfGguf(metadata: GgufMetadata, path: string): Tokenizer {
  const values = (key: string): readonly GgufScalar[] => {
    const found = metadata.get(`tokenizer.ggml.${key}`);
    return found?.type === "array" ? found.values : [];
  };
  const id = (key: string): number | undefined => numberAt(metadata, `tokenizer.ggml.${key}_token_id`);
  const flag = (key: string, fallback: boolean): boolean => {
    const found = metadata.get(`tokenizer.ggml.${key}`);
    return found?.type === "bool" ? found.value : fallback;
  };
  const model = textAt(metadata, "tokenizer.ggml.model") ?? "none";
  const kind = KINDS.get(model);
  if (kind === undefined) {
    throw new InputError(`${path}: expected a tokenizer of ${[...KINDS.keys()].join(" or ")}, found ${model}`);
  }
  const tokens = values("tokens").map(String);
  const types = values("token_type").map(Number).filter(isTokenType);
  if (tokens.length === 0 || types.length !== tokens.length) {
    throw new InputError(
      `${path}: expected tokens and as many token types, found ${tokens.length} and ${types.length}`,
    );
  }
  if (new Set(tokens).size < tokens.length) {
    // llama.cpp aborts the whole process on them.
    throw new InputError(`${path}: expected every token once, found ${tokens.length - new Set(tokens).size} twice`);
  }
  return {
    kind,
    pre: textAt(metadata, "tokenizer.ggml.pre") ?? "default",
    tokens,
    types,
    merges: values("merges").map(String),
    scores: values("scores").map(Number),
    bosId: id("bos"),
    eosIds: [...new Set([id("eos"), id("eot"), id("eom")].filter((found) => found !== undefined))],
    unknownId: id("unknown"),
    padId: id("padding"),
    addBos: flag("add_bos_token", kind === "sentencepiece"),
    addSpacePrefix: flag("add_space_prefix", kind === "sentencepiece"),
    chatTemplate: textAt(metadata, "tokenizer.chat_template"),
  };
}

function isTokenType(type: number): type is TokenType {
  return Number.isInteger(type) && type >= 1 && type <= 6;
}

import type { TokenType } from "./token-type.ts";

/** A tokenizer as llama.cpp wants it: token texts by id, and how texts are joined to tokens. */
export interface Tokenizer {
  /** `bpe`: byte-level BPE, joined by merges. `sentencepiece`: joined by scores, spaces written as U+2581. */
  readonly kind: "bpe" | "sentencepiece";
  /** How text is cut before merging, by llama.cpp's name (`tokenizer.ggml.pre`). */
  readonly pre: string;
  /** By token id, without holes. Byte-level texts are in GPT-2's printable alphabet. */
  readonly tokens: readonly string[];
  readonly types: readonly TokenType[];
  /** `left right`, best first; empty for SentencePiece. */
  readonly merges: readonly string[];
  /** By token id; empty for byte-level BPE. */
  readonly scores: readonly number[];
  readonly bosId: number | undefined;
  /** Every token that ends a generation; the tokenizer's own first. */
  readonly eosIds: readonly number[];
  readonly unknownId: number | undefined;
  readonly padId: number | undefined;
  /** Whether the beginning-of-sequence token is put before every text. */
  readonly addBos: boolean;
  /** Whether SentencePiece puts a space before every text. */
  readonly addSpacePrefix: boolean;
  readonly chatTemplate: string | undefined;
}

/** The text of a token by its id, if there is one. */
export function tokenText({ tokens }: Tokenizer, id: number | undefined): string | undefined {
  return id === undefined ? undefined : tokens[id];
}

/** The text of a token that only fills a hole of the ids. */
export function paddingToken(id: number): string {
  return `[PAD${id}]`;
}

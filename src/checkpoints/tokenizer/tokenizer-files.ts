import { basename } from "node:path";
import type { Checkpoint } from "../checkpoint.ts";
import { preTokenizerOf } from "./pre-tokenizer.ts";
import { mergesFromScores } from "./sentencepiece.ts";
import { TOKEN_TYPE } from "./token-type.ts";
import { paddingToken, type Tokenizer, tokenText } from "./tokenizer.ts";

/**
 * The files of a tokenizer that is known from a GGUF only, by name: tokenizer.json, tokenizer_config.json and
 * generation_config.json, which cut text into the same tokens. What a GGUF does not keep is not in them: single-word and
 * stripping flags of added tokens, sampling defaults. Undefined if its way of cutting text is not known.
 */
export function tokenizerFilesOf(tokenizer: Tokenizer): ReadonlyMap<string, string> | undefined {
  const json = tokenizer.kind === "bpe" ? byteLevelJson(tokenizer) : sentencePieceJson(tokenizer);
  if (json === undefined) return undefined;
  const { bosId, eosIds, padId } = tokenizer;
  const generation = { bos_token_id: bosId, eos_token_id: eosIds, pad_token_id: padId };
  return new Map([
    ["tokenizer.json", text({ version: "1.0", truncation: null, padding: null, ...json })],
    ["tokenizer_config.json", text(settingsOf(tokenizer))],
    ["generation_config.json", text(generation)],
  ]);
}

/**
 * What a person should know of the tokenizer files that a merge gets from this checkpoint; undefined if they are copied as
 * they are.
 */
export function tokenizerNote({ path, tokenizer }: Checkpoint): string | undefined {
  if (tokenizer === undefined) return undefined;
  const name = basename(path);
  if (tokenizerFilesOf(tokenizer) === undefined) {
    return `${name} is a GGUF whose pre-tokenizer (${tokenizer.pre}) is not known: no tokenizer files are written; copy those of the original model`;
  }
  return `${name} is a GGUF: the tokenizer files are rebuilt from its metadata and cut text into the same tokens; copy those of the original model for everything else`;
}

function text(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function byteLevelJson(tokenizer: Tokenizer): object | undefined {
  const known = preTokenizerOf(tokenizer.pre);
  if (known === undefined) return undefined;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    added_tokens: addedTokens(tokenizer),
    normalizer: known.normalizer,
    pre_tokenizer: { type: "Sequence", pretokenizers: known.steps },
    post_processor: bosProcessor(tokenizer) ?? byteLevel,
    decoder: byteLevel,
    model: {
      ...MODEL,
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: known.ignoreMerges,
      vocab: vocabulary(tokenizer, (type) => type !== TOKEN_TYPE.control && type !== TOKEN_TYPE.userDefined),
      merges: tokenizer.merges,
    },
  };
}

const MODEL = { type: "BPE", dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null };

function sentencePieceJson(tokenizer: Tokenizer): object {
  const { addSpacePrefix, unknownId, tokens, scores, types } = tokenizer;
  const space = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const pieces = tokens.map((token, id) => (types[id] === TOKEN_TYPE.normal ? token : undefined));
  return {
    added_tokens: addedTokens(tokenizer),
    normalizer: addSpacePrefix
      ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, space] }
      : { type: "Sequence", normalizers: [space] },
    pre_tokenizer: null,
    post_processor: bosProcessor(tokenizer) ?? null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(addSpacePrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      ...MODEL,
      unk_token: unknownId === undefined ? null : (tokens[unknownId] ?? null),
      fuse_unk: true,
      byte_fallback: true,
      vocab: vocabulary(tokenizer, () => true),
      merges: mergesFromScores(pieces, scores),
    },
  };
}

/** Tokens by text; those that only fill holes of the ids are left out. */
function vocabulary({ tokens, types }: Tokenizer, isIn: (type: number | undefined) => boolean): Record<string, number> {
  // No prototype: a token may be called __proto__.
  const vocab: Record<string, number> = Object.create(null);
  for (const [id, token] of tokens.entries()) {
    const isFiller = types[id] === TOKEN_TYPE.unused && token === paddingToken(id);
    if (!isFiller && isIn(types[id])) vocab[token] = id;
  }
  return vocab;
}

function addedTokens({ tokens, types, kind }: Tokenizer): object[] {
  return tokens.flatMap((content, id) => {
    const type = types[id];
    const special = type === TOKEN_TYPE.control || (type === TOKEN_TYPE.unknown && kind === "sentencepiece");
    if (!special && type !== TOKEN_TYPE.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}

/** Puts the beginning-of-sequence token before every text, if the tokenizer does. */
function bosProcessor({ addBos, bosId, tokens }: Tokenizer): object | undefined {
  const bos = bosId === undefined ? undefined : tokens[bosId];
  if (!addBos || bos === undefined) return undefined;
  const single = (type: number, sequence: string): object[] => [
    { SpecialToken: { id: bos, type_id: type } },
    { Sequence: { id: sequence, type_id: type } },
  ];
  return {
    type: "TemplateProcessing",
    single: single(0, "A"),
    pair: [...single(0, "A"), ...single(1, "B")],
    special_tokens: { [bos]: { id: bos, ids: [bosId], tokens: [bos] } },
  };
}

function settingsOf(tokenizer: Tokenizer): object {
  const { bosId, eosIds, padId, unknownId, addBos, chatTemplate } = tokenizer;
  const textOf = (id: number | undefined): string | null => tokenText(tokenizer, id) ?? null;
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: textOf(bosId),
    eos_token: textOf(eosIds[0]),
    pad_token: textOf(padId),
    unk_token: textOf(unknownId),
    add_bos_token: addBos,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  };
}

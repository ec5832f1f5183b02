import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { kindOf } from "../../checkpoints/read-json.ts";
import { tokenizerFilesOf } from "../../checkpoints/tokenizer/tokenizer-files.ts";
import { madeTokenizer, readTokenizerJson, type TokenizerFiles } from "../../checkpoints/tokenizer/tokenizer-source.ts";
import { MAX_TOKENS } from "../../checkpoints/tokenizer/tokenizer-vocabulary.ts";

/** A model's tokens. */
export interface ModelVocabulary {
  readonly files: TokenizerFiles;
  /** tokenizer.json as it is. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Ids of all tokens by their texts. */
  readonly ids: ReadonlyMap<string, number>;
  /** How many of them its model of text has by itself, without added ones. */
  readonly modelTokens: number;
  /** Tokens that are found in text as they are, by their ids. */
  readonly added: ReadonlyMap<number, AddedToken>;
  /** How many tokens the model is said to know: ids from there on are padding. */
  readonly size: number;
}

/** An added token as tokenizer.json writes it. */
export interface AddedToken extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly content: string;
}

/**
 * Reads the tokens of a checkpoint from its tokenizer.json, of whatever kind the tokenizer is.
 * @returns undefined if it has no tokenizer; @throws InputError if it has one without tokenizer.json, or a malformed one
 */
export async function readVocabulary(checkpoint: Checkpoint, model: string): Promise<ModelVocabulary | undefined> {
  const files = filesOf(checkpoint, model);
  const json = await readTokenizerJson(files, "tokenizer.json");
  if (json === undefined) {
    if (!files.names.some((name) => ["tokenizer.model", "vocab.json"].includes(name))) return undefined;
    throw new InputError(`${model}: expected a tokenizer.json, found only ${files.names.join(", ")}`, {
      hint: "Load the tokenizer with transformers (AutoTokenizer) and save_pretrained(folder) to get one.",
    });
  }
  const where = `${model}: tokenizer.json`;
  const ids = readModelTokens(json, where);
  const modelTokens = ids.size;
  const added = new Map<number, AddedToken>();
  const listed: unknown[] = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  for (const token of listed) {
    if (!isAddedToken(token)) throw new InputError(`${where}: expected an added token, found ${JSON.stringify(token)}`);
    added.set(token.id, token);
    ids.set(token.content, token.id);
  }
  const { vocab_size: size } = checkpoint.config;
  return { files, json, ids, modelTokens, added, size: typeof size === "number" ? size : ids.size };
}

/** The tokenizer files of a checkpoint; of a GGUF, those that its metadata makes. */
export function filesOf({ tokenizer, tokenizerFiles }: Checkpoint, model: string): TokenizerFiles {
  if (tokenizer === undefined) return tokenizerFiles;
  const made = tokenizerFilesOf(tokenizer);
  if (made === undefined) {
    throw new InputError(
      `${model}: expected a tokenizer that can be combined, found the pre-tokenizer ${tokenizer.pre}`,
      {
        hint: "Use the model's safetensors.",
      },
    );
  }
  const encoder = new TextEncoder();
  return madeTokenizer(model, new Map(Array.from(made, ([name, text]) => [name, encoder.encode(text)])));
}

/** Texts by id of BPE and WordPiece, or a list of texts and scores of Unigram. */
function readModelTokens(json: Readonly<Record<string, unknown>>, where: string): Map<string, number> {
  const vocab = isRecord(json.model) ? json.model.vocab : undefined;
  const entries: (readonly [unknown, unknown])[] = Array.isArray(vocab)
    ? vocab.map((entry: unknown, id) => [Array.isArray(entry) ? entry[0] : entry, id])
    : Object.entries(isRecord(vocab) ? vocab : {});
  const ids = new Map<string, number>();
  for (const [text, id] of entries) {
    if (typeof text !== "string" || !isId(id)) {
      throw new InputError(`${where}: expected a token and its id, found ${JSON.stringify([text, id])}`);
    }
    ids.set(text, id);
  }
  if (ids.size === 0) throw new InputError(`${where}: expected model.vocab, found ${kindOf(vocab)}`);
  return ids;
}

function isAddedToken(token: unknown): token is AddedToken {
  return isRecord(token) && typeof token.content === "string" && isId(token.id);
}

function isId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MAX_TOKENS;
}

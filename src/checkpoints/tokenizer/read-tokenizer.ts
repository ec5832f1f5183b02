import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { tokenIds } from "../config.ts";
import { readChatTemplate, readTokenizerSettings, textOfToken } from "./chat-format.ts";
import { TOKEN_TYPE, type TokenType } from "./token-type.ts";
import { paddingToken, type Tokenizer } from "./tokenizer.ts";
import { readTokenizerJson } from "./tokenizer-source.ts";
import { checkTokenId, readTokenizerVocabulary } from "./tokenizer-vocabulary.ts";

const cache = new WeakMap<Checkpoint, Promise<Tokenizer>>();

/**
 * Reads a checkpoint's tokenizer: tokenizer.json (byte-level BPE, or SentencePiece's BPE), or tokenizer.model, with the
 * special tokens and the chat template of the files beside it. Read once a checkpoint.
 * @throws InputError if there is none, or if it is of a kind that llama.cpp would cut differently
 */
export function readTokenizer(checkpoint: Checkpoint): Promise<Tokenizer> {
  if (checkpoint.tokenizer !== undefined) return Promise.resolve(checkpoint.tokenizer);
  const known = cache.get(checkpoint);
  if (known !== undefined) return known;
  const reading = read(checkpoint);
  cache.set(checkpoint, reading);
  return reading;
}

async function read(checkpoint: Checkpoint): Promise<Tokenizer> {
  const files = checkpoint.tokenizerFiles;
  const folder = files.where;
  const [json, settings, generation = {}, model] = await Promise.all([
    readTokenizerJson(files, "tokenizer.json"),
    readTokenizerSettings(files),
    readTokenizerJson(files, "generation_config.json"),
    files.read("tokenizer.model"),
  ]);
  const vocabulary = readTokenizerVocabulary(json, model, folder);
  const { tokens, types, scores } = vocabulary;
  for (const added of addedTokens(json, settings, folder)) {
    tokens[added.id] = added.content;
    types[added.id] = types[added.id] === TOKEN_TYPE.unknown ? TOKEN_TYPE.unknown : addedType(added.special);
    if (vocabulary.kind === "sentencepiece") scores[added.id] = ADDED_TOKEN_SCORE;
  }
  const texts = fillHoles(tokens, types, scores, vocabulary.kind);
  const idOf = tokenLookup(texts, folder);
  const named = (key: string): number | undefined => idOf.get(textOfToken(settings[key]) ?? "\0");
  const eos = [named("eos_token"), ...tokenIds(generation.eos_token_id), ...tokenIds(checkpoint.config.eos_token_id)];
  const known = (id: number | undefined): id is number => id !== undefined && id < texts.length;
  const bosId = [named("bos_token"), ...tokenIds(checkpoint.config.bos_token_id)].find(known);
  return {
    ...vocabulary,
    tokens: texts,
    bosId,
    eosIds: [...new Set(eos.filter(known))],
    unknownId: named("unk_token"),
    padId: [named("pad_token"), ...tokenIds(generation.pad_token_id)].find(known),
    addBos: readAddBos(json, settings, vocabulary.kind, bosId),
    chatTemplate: await readChatTemplate(files, settings),
  };
}

/** Below every token that SentencePiece knows, so that added tokens are never made by joining. */
const ADDED_TOKEN_SCORE = -1000;

function addedType(special: boolean): TokenType {
  return special ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined;
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** Added tokens are in tokenizer.json and, by id, in tokenizer_config.json; where both name one, tokenizer.json wins. */
function* addedTokens(
  json: Record<string, unknown> | undefined,
  settings: Record<string, unknown>,
  folder: string,
): Generator<AddedToken> {
  const decoder = isRecord(settings.added_tokens_decoder) ? Object.entries(settings.added_tokens_decoder) : [];
  const listed: unknown[] = Array.isArray(json?.added_tokens) ? json.added_tokens : [];
  const all = [...decoder.map(([id, token]) => (isRecord(token) ? { ...token, id: Number(id) } : token)), ...listed];
  for (const token of all) {
    if (!isRecord(token) || typeof token.content !== "string") {
      throw new InputError(`${folder}: tokenizer: expected an added token, found ${JSON.stringify(token)}`);
    }
    const { id, content } = token;
    checkTokenId(id, content, `${folder}: tokenizer`);
    yield { id, content, special: token.special === true };
  }
}

/** Ids that no token has, below the highest that one has, become tokens that nothing produces. */
function fillHoles(
  tokens: readonly (string | undefined)[],
  types: TokenType[],
  scores: number[],
  kind: Tokenizer["kind"],
): string[] {
  return Array.from(tokens, (token, id) => {
    if (token !== undefined) return token;
    types[id] = TOKEN_TYPE.unused;
    if (kind === "sentencepiece") scores[id] = ADDED_TOKEN_SCORE;
    return paddingToken(id);
  });
}

/** llama.cpp aborts the whole process on two equal token texts, so they are refused here. */
function tokenLookup(tokens: readonly string[], where: string): Map<string, number> {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    const other = ids.get(token);
    if (other !== undefined) {
      throw new InputError(
        `${where}: tokenizer: tokens ${other} and ${id} have the same text ${JSON.stringify(token)}`,
      );
    }
    ids.set(token, id);
  });
  return ids;
}

/**
 * The tokenizer with as many tokens as the embedding has rows: rows that no token uses become unused tokens.
 * @throws InputError if there are more tokens than rows
 */
export function padTokenizer(tokenizer: Tokenizer, rows: number, where: string): Tokenizer {
  const missing = rows - tokenizer.tokens.length;
  if (missing === 0) return tokenizer;
  if (missing < 0) {
    throw new InputError(`${where}: the tokenizer has ${tokenizer.tokens.length} tokens, the embedding ${rows} rows`, {
      hint: "Tokenizer and weights are not of the same checkpoint.",
    });
  }
  const ids = Array.from({ length: missing }, (_, i) => tokenizer.tokens.length + i);
  const tokens = [...tokenizer.tokens, ...ids.map(paddingToken)];
  tokenLookup(tokens, where);
  return {
    ...tokenizer,
    tokens,
    types: [...tokenizer.types, ...ids.map(() => TOKEN_TYPE.unused)],
    scores: tokenizer.kind === "bpe" ? [] : [...tokenizer.scores, ...ids.map(() => ADDED_TOKEN_SCORE)],
  };
}

function readAddBos(
  json: Record<string, unknown> | undefined,
  settings: Record<string, unknown>,
  kind: Tokenizer["kind"],
  bosId: number | undefined,
): boolean {
  if (bosId === undefined) return false;
  if (typeof settings.add_bos_token === "boolean") return settings.add_bos_token;
  const template = findTemplate(json?.post_processor);
  if (template !== undefined) return textOfToken(settings.bos_token) === template;
  return kind === "sentencepiece" && json === undefined;
}

/** The special token with which the post-processor begins a single text, if it does. */
function findTemplate(processor: unknown): string | undefined {
  if (!isRecord(processor)) return undefined;
  const inner: unknown[] = Array.isArray(processor.processors) ? processor.processors : [processor];
  for (const step of inner) {
    const single: unknown = isRecord(step) && step.type === "TemplateProcessing" ? step.single : undefined;
    const first: unknown = Array.isArray(single) ? single[0] : undefined;
    if (isRecord(first) && isRecord(first.SpecialToken) && typeof first.SpecialToken.id === "string") {
      return first.SpecialToken.id;
    }
  }
  return undefined;
}

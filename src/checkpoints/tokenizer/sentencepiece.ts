import { InputError } from "../../base/errors.ts";
import type { TokenType } from "./token-type.ts";

/** The pieces of a SentencePiece model, by token id. */
export interface SentencePieces {
  readonly tokens: string[];
  readonly types: TokenType[];
  readonly scores: number[];
  /** `add_dummy_prefix` of the normalizer: a space before every text. */
  readonly addSpacePrefix: boolean;
}

/**
 * Reads tokenizer.model, a protocol buffer (sentencepiece_model.proto): field 1 is a piece {1: text, 2: score, 3: type},
 * field 3 the normalizer {3: add_dummy_prefix}, field 2 the trainer {3: model_type}.
 * @throws InputError if it is malformed or no BPE model
 */
export function readSentencePieceModel(bytes: Uint8Array, where: string): SentencePieces {
  const tokens: string[] = [];
  const types: TokenType[] = [];
  const scores: number[] = [];
  let addSpacePrefix = true;
  let modelType = UNIGRAM;
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === 1) {
      let [text, score, type] = ["", 0, 1];
      for (const inner of fieldsOf(field.bytes, where)) {
        if (inner.number === 1) text = new TextDecoder("utf-8", { fatal: false }).decode(inner.bytes);
        if (inner.number === 2 && inner.bytes.length === 4) score = view(inner.bytes).getFloat32(0, true);
        if (inner.number === 3) type = inner.value;
      }
      tokens.push(text);
      scores.push(score);
      types.push(tokenType(type, where));
    }
    if (field.number === 2) {
      for (const inner of fieldsOf(field.bytes, where)) if (inner.number === 3) modelType = inner.value;
    }
    if (field.number === 3) {
      for (const inner of fieldsOf(field.bytes, where)) if (inner.number === 3) addSpacePrefix = inner.value !== 0;
    }
  }
  if (tokens.length === 0) throw new InputError(`${where}: expected a SentencePiece model, found no pieces`);
  if (modelType !== BPE) {
    throw new InputError(`${where}: expected a BPE model (type ${BPE}), found type ${modelType}`);
  }
  return { tokens, types, scores, addSpacePrefix };
}

/** `model_type` of the trainer; unigram is what an absent field means. */
const UNIGRAM = 1;
const BPE = 2;

function tokenType(type: number, where: string): TokenType {
  if (type === 1 || type === 2 || type === 3 || type === 4 || type === 5 || type === 6) return type;
  throw new InputError(`${where}: expected a piece type from 1 to 6, found ${type}`);
}

interface Field {
  readonly number: number;
  /** Of a varint; 0 for other fields. */
  readonly value: number;
  /** Of a string, message or fixed-width field; empty for a varint. */
  readonly bytes: Uint8Array;
}

function* fieldsOf(bytes: Uint8Array, where: string): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new InputError(`${where}: not a SentencePiece model, or cut short`);
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) {
      yield { number, value: varint(), bytes: new Uint8Array() };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : Number.NaN;
    if (!(at + length <= bytes.length)) {
      throw new InputError(`${where}: not a SentencePiece model, or cut short`);
    }
    yield { number, value: 0, bytes: bytes.subarray(at, at + length) };
    at += length;
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * SentencePiece joins the pair whose joined piece has the highest score, BPE the pair with the lowest rank. In a
 * tokenizer.json that was made from a SentencePiece model the merges are sorted by the score of what they make, so that
 * minus the rank of the first merge that makes a piece gives the same order of joining.
 */
export function scoresFromMerges(tokens: readonly (string | undefined)[], merges: readonly string[]): number[] {
  const ranks = new Map<string, number>();
  merges.forEach((merge, rank) => {
    const made = merge.replace(" ", "");
    if (!ranks.has(made)) ranks.set(made, rank);
  });
  return Array.from(tokens, (token) => -(ranks.get(token ?? "") ?? 0));
}

/**
 * The inverse of `scoresFromMerges`: every way to join two pieces to a third, best score first, as transformers makes a
 * tokenizer.json from a SentencePiece model.
 * @param pieces by token id; undefined for tokens that are never joined
 */
export function mergesFromScores(pieces: readonly (string | undefined)[], scores: readonly number[]): string[] {
  const ids = new Map(pieces.flatMap((piece, id) => (piece === undefined ? [] : [[piece, id] as const])));
  const merges: { readonly merge: string; readonly score: number; readonly left: number; readonly right: number }[] =
    [];
  for (const [piece, id] of ids) {
    let before = "";
    for (const letter of piece) {
      before += letter;
      const [left, right] = [ids.get(before), ids.get(piece.slice(before.length))];
      if (left === undefined || right === undefined) continue;
      merges.push({ merge: `${before} ${piece.slice(before.length)}`, score: scores[id] ?? 0, left, right });
    }
  }
  return merges.toSorted((a, b) => b.score - a.score || a.left - b.left || a.right - b.right).map(({ merge }) => merge);
}

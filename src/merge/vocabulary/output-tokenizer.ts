import { isRecord } from "../../base/is-record.ts";
import { madeTokenizer, readTokenizerJson, type TokenizerFiles } from "../../checkpoints/tokenizer/tokenizer-source.ts";
import type { AddedToken, ModelVocabulary } from "./read-vocabulary.ts";

/** The tokenizer of a merge. */
export interface OutputTokenizer {
  readonly ids: ReadonlyMap<string, number>;
  readonly files: TokenizerFiles;
}

/** What a token that is added by its text alone has. Source: huggingface/tokenizers, `AddedToken` */
const PLAIN = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };

/** Files that say what a changed vocabulary does not keep. */
const STALE = new Set(["tokenizer.model", "added_tokens.json", "vocab.json", "merges.txt"]);

/**
 * A tokenizer that grows out of a model's: it keeps the ids that this has, and cuts text as this does, but for the tokens
 * that are added. Source: mergekit/tokenizer/build.py
 */
export class GrowingTokenizer {
  readonly #start: ModelVocabulary;
  readonly #ids: Map<string, number>;
  readonly #added: Map<string, AddedToken>;
  readonly #vocab: Readonly<Record<string, unknown>> | undefined;
  readonly #modelTokens: number;
  #nextAdded: number;
  #changed = false;

  /** @param strip whether to leave out tokens that the model has no row for */
  constructor(start: ModelVocabulary, { strip }: { strip: boolean }) {
    const known = (id: number): boolean => !strip || id < start.size;
    this.#start = start;
    this.#ids = new Map([...start.ids].filter(([, id]) => known(id)));
    this.#added = new Map(
      [...start.added.values()].filter(({ id }) => known(id)).map((token) => [token.content, token]),
    );
    this.#changed = this.#ids.size < start.ids.size;
    const vocab = isRecord(start.json.model) && isRecord(start.json.model.vocab) ? start.json.model.vocab : undefined;
    this.#vocab = this.#changed && vocab !== undefined ? keepKnown(vocab, known) : undefined;
    this.#modelTokens = this.#vocab === undefined ? start.modelTokens : Object.keys(this.#vocab).length;
    this.#nextAdded = [...this.#added.values()].reduce((next, { id }) => Math.max(next, id + 1), 0);
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /** Adds a token by its text, or with the settings that another tokenizer gives it. One that is there keeps its id. */
  add(content: string, settings: Readonly<Record<string, unknown>> = PLAIN): void {
    if (this.#added.has(content)) return;
    const id = this.#ids.get(content) ?? Math.max(this.#modelTokens, this.#nextAdded);
    this.#added.set(content, { ...settings, id, content });
    this.#ids.set(content, id);
    this.#nextAdded = Math.max(this.#nextAdded, id + 1);
    this.#changed = true;
  }

  async finish(): Promise<OutputTokenizer> {
    const { files } = this.#start;
    if (!this.#changed) return { ids: this.#ids, files };
    const contents = new Map<string, Uint8Array>();
    for (const name of files.names.filter((known) => !STALE.has(known))) {
      const bytes = await files.read(name);
      if (bytes !== undefined) contents.set(name, bytes);
    }
    contents.set("tokenizer.json", encodeJson(this.#json()));
    const settings = await readTokenizerJson(files, "tokenizer_config.json");
    if (settings !== undefined) contents.set("tokenizer_config.json", encodeJson(this.#settings(settings)));
    return { ids: this.#ids, files: madeTokenizer(files.where, contents) };
  }

  #json(): object {
    const { json } = this.#start;
    const added = [...this.#added.values()].toSorted((a, b) => a.id - b.id);
    if (this.#vocab === undefined || !isRecord(json.model)) return { ...json, added_tokens: added };
    const { merges } = json.model;
    const model = { ...json.model, vocab: this.#vocab, merges: keepMerges(merges, this.#vocab) };
    return { ...json, added_tokens: added, model };
  }

  /** tokenizer_config.json has the added tokens a second time. */
  #settings(settings: Readonly<Record<string, unknown>>): object {
    if (!isRecord(settings.added_tokens_decoder)) return settings;
    const decoder = [...this.#added.values()].map(({ id, ...token }): [string, object] => [String(id), token]);
    return { ...settings, added_tokens_decoder: Object.fromEntries(decoder) };
  }
}

function keepKnown(vocab: Readonly<Record<string, unknown>>, known: (id: number) => boolean): Record<string, unknown> {
  const kept = Object.entries(vocab).filter(([, id]) => typeof id === "number" && known(id));
  return Object.fromEntries(kept);
}

/** Merges are `"a b"` in older files and `["a", "b"]` in newer ones. */
function keepMerges(merges: unknown, vocab: Readonly<Record<string, unknown>>): unknown {
  if (!Array.isArray(merges)) return merges;
  return merges.filter((merge: unknown) => {
    const [left, right]: unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    return [left, right, `${String(left)}${String(right)}`].every((part) => Object.hasOwn(vocab, String(part)));
  });
}

function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
}

import { InputError } from "../../base/errors.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import type { TokenizerFiles } from "../../checkpoints/tokenizer/tokenizer-source.ts";
import type { VocabularyRecipe } from "../recipe/recipe.ts";
import { GrowingTokenizer } from "./output-tokenizer.ts";
import { type ModelVocabulary, readVocabulary } from "./read-vocabulary.ts";

/** The vocabulary of a merge, and where each of its tokens is in the models. */
export interface CombinedVocabulary {
  readonly recipe: VocabularyRecipe;
  /** Ids by the tokens' texts. */
  readonly ids: ReadonlyMap<string, number>;
  /** Rows of the embedding: at least as many as there are tokens. */
  readonly rows: number;
  /** For each model its own ids by the tokens' texts, those that it has rows for. */
  readonly models: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly files: TokenizerFiles;
  /** Of config.json, where the tokenizer is another model's than the config: the ids that say where a text ends. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** Keys of config.json that name tokens by their ids. */
const TOKEN_KEYS = new Set(["bos_token_id", "eos_token_id", "pad_token_id"]);

/** Tokens that a warning names. */
const MAX_SHOWN = 5;

/**
 * Makes one vocabulary of those of the models, as mergekit's `tokenizer` asks for. Tokens that more models bring get ids in
 * the order of the models and of their own ids; mergekit's order changes from run to run.
 * Source: mergekit/tokenizer/build.py
 *
 * @param base the model whose ids are kept, of `models` (whose names are as in the recipe)
 * @param open opens the model that the tokenizer is to be taken from, where it is another one
 * @throws InputError if a tokenizer is missing or malformed
 */
export async function combineVocabularies(
  recipe: VocabularyRecipe,
  models: ReadonlyMap<string, Checkpoint>,
  base: string,
  open: (model: string) => Promise<Checkpoint>,
): Promise<CombinedVocabulary> {
  const warnings: string[] = [];
  const read = new Map<string, ModelVocabulary>();
  for (const [model, checkpoint] of models) {
    const vocabulary = await readVocabulary(checkpoint, model);
    if (vocabulary !== undefined) read.set(model, vocabulary);
    else if (model !== base) warnings.push(`${model} has no tokenizer: its tokens are taken to be those of ${base}`);
  }
  const start = read.get(base);
  if (start === undefined)
    throw new InputError(`${base}: expected a tokenizer.json to combine vocabularies, found none`);
  const { source } = recipe;
  let tokenizer = new GrowingTokenizer(start, { strip: true });
  if (source === "union") addAll(tokenizer, [start, ...[...read.values()].filter((other) => other !== start)]);
  let config: Record<string, unknown> = {};
  if (typeof source === "object") {
    const checkpoint = models.get(source.model) ?? (await open(source.model));
    const other = read.get(source.model) ?? (await readVocabulary(checkpoint, source.model));
    if (other === undefined) throw new InputError(`${source.model}: expected a tokenizer.json, found none`);
    tokenizer = new GrowingTokenizer(other, { strip: false });
    config = Object.fromEntries(Object.entries(checkpoint.config).filter(([key]) => TOKEN_KEYS.has(key)));
  }
  for (const token of recipe.tokens.keys()) tokenizer.add(token);
  const { ids, files } = await tokenizer.finish();
  const known = new Map(Array.from(models.keys(), (model) => [model, knownIds(read.get(model) ?? start)]));
  const unknown = [...ids.keys()].filter(
    (token) =>
      recipe.tokens.get(token)?.source === undefined && ![...known.values()].some((tokens) => tokens.has(token)),
  );
  if (unknown.length > 0) {
    const shown = unknown.slice(0, MAX_SHOWN).map((token) => JSON.stringify(token));
    if (unknown.length > MAX_SHOWN) shown.push(`and ${unknown.length - MAX_SHOWN} more`);
    warnings.push(`tokens that are in no model get an embedding of zeros: ${shown.join(", ")}`);
  }
  const count = [...ids.values()].reduce((most, id) => Math.max(most, id), -1) + 1;
  const multiple = recipe.padToMultipleOf ?? 1;
  return {
    recipe,
    ids,
    rows: Math.ceil(count / multiple) * multiple,
    models: known,
    files,
    config,
    warnings,
  };
}

/** What the models have: first the tokens that their text is made of, then those that are added ones of any model. */
function addAll(tokenizer: GrowingTokenizer, vocabularies: readonly ModelVocabulary[]): void {
  const added = vocabularies.flatMap((vocabulary) =>
    [...vocabulary.added.values()].filter(({ id }) => id < vocabulary.size).toSorted((a, b) => a.id - b.id),
  );
  const isAdded = new Set(added.map(({ content }) => content));
  for (const vocabulary of vocabularies) {
    for (const [token, id] of [...vocabulary.ids].toSorted(([, a], [, b]) => a - b)) {
      if (id < vocabulary.size && !isAdded.has(token) && !tokenizer.has(token)) tokenizer.add(token);
    }
  }
  for (const token of added) tokenizer.add(token.content, token);
}

function knownIds({ ids, size }: ModelVocabulary): ReadonlyMap<string, number> {
  return new Map([...ids].filter(([, id]) => id < size));
}

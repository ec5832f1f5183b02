import type { EmbeddingSource, TokenSetting } from "../recipe/recipe.ts";
import type { CombinedVocabulary } from "./combine.ts";

/** Where a row of a merge's embedding comes from, for a model that does not have the token. */
export type RowSource =
  | { readonly kind: "zero" }
  /** Of one model, by its place in the list of inputs; the mean of all if there are more. */
  | { readonly kind: "rows"; readonly from: readonly { readonly input: number; readonly row: number }[] };

/** For each input, the row that it has for every row of the result; -1 where it has none. */
export interface EmbeddingRows {
  readonly own: readonly Int32Array[];
  /** For rows that an input lacks, or must not use. Rows that no token has are in neither. */
  readonly others: ReadonlyMap<number, RowSource>;
  /** Rows from here on have no token: they get the mean of those before. */
  readonly tokens: number;
}

/**
 * Decides where the rows of an embedding come from: a model's own where it has the token; else the base model's, or that of
 * the only model that has it, or the mean of all that have it; or what the recipe says.
 * Source: mergekit/tokenizer/embed.py
 *
 * @param inputs the models that are merged into the tensor
 * @param problem called for what cannot be done
 */
export function embeddingRows(
  { recipe, ids, models, rows }: CombinedVocabulary,
  inputs: readonly { readonly model: string; readonly isBase: boolean; readonly rows: number }[],
  problem: (message: string) => void,
): EmbeddingRows {
  const own = inputs.map(() => new Int32Array(rows).fill(-1));
  const others = new Map<number, RowSource>();
  let tokens = 0;
  for (const [token, id] of ids) {
    tokens = Math.max(tokens, id + 1);
    const setting = recipe.tokens.get(token);
    const found = inputs.flatMap(({ model, rows: count, isBase }, input) => {
      const row = models.get(model)?.get(token);
      return row === undefined || row >= count ? [] : [{ input, row, isBase }];
    });
    if (setting?.force !== true) {
      for (const { input, row } of found) {
        const list = own[input];
        if (list !== undefined) list[id] = row;
      }
      if (found.length === inputs.length) continue;
    }
    others.set(id, setting?.source === undefined ? usual(found) : asked(token, setting));
  }
  return { own, others, tokens };

  function asked(token: string, { source }: TokenSetting): RowSource {
    if (source === undefined || source.kind === "zero") return { kind: "zero" };
    const input = inputs.findIndex(({ model }) => model === source.model);
    const row = rowOf(token, source);
    if (input >= 0 && row !== undefined && row < (inputs[input]?.rows ?? 0)) {
      return { kind: "rows", from: [{ input, row }] };
    }
    const wanted = source.kind === "same_token" ? token : source.token;
    problem(
      input < 0
        ? `tokenizer: tokens: ${JSON.stringify(token)}: expected one of the merged models, found ${source.model}`
        : `tokenizer: tokens: ${JSON.stringify(token)}: expected ${JSON.stringify(wanted)} in ${source.model}, which has no such token`,
    );
    return { kind: "zero" };
  }

  function rowOf(token: string, source: Exclude<EmbeddingSource, { kind: "zero" }>): number | undefined {
    if (source.kind === "same_token") return models.get(source.model)?.get(token);
    return typeof source.token === "number" ? source.token : models.get(source.model)?.get(source.token);
  }
}

function usual(
  found: readonly { readonly input: number; readonly row: number; readonly isBase: boolean }[],
): RowSource {
  const base = found.filter(({ isBase }) => isBase);
  const from = (base.length > 0 ? base : found).map(({ input, row }) => ({ input, row }));
  return from.length === 0 ? { kind: "zero" } : { kind: "rows", from };
}

/** Whether every row of the result is that of the input, in its place: then there is nothing to permute. */
export function isIdentity(own: Int32Array, inputRows: number): boolean {
  return own.length === inputRows && own.every((row, index) => row === index);
}

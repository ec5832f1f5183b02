import { z } from "zod";
import { isRecord } from "../../base/is-record.ts";
import { chosenBy, expected, mapOf } from "../../base/yaml/check-yaml.ts";
import { modelSchema, text } from "./model-schema.ts";
import type { EmbeddingSource, TokenSetting, VocabularyRecipe } from "./recipe.ts";
import { numberSchema } from "./setting-schema.ts";

/** A whole number from `least` on. */
function count(least: number): z.ZodType<number> {
  const error = expected(`a whole number from ${least} on`);
  return z.int({ error }).min(least, { error });
}

const source = chosenBy<VocabularyRecipe["source"]>((value) =>
  value === "union" || value === "base" ? z.literal(value) : modelSchema.transform((model) => ({ model })),
);

const sameToken = modelSchema.transform((model) => ({ kind: "same_token" as const, model }));

const zero = z.strictObject({ kind: z.literal("zero") });

const modelToken = z
  .strictObject({
    kind: z.literal("model_token"),
    model: modelSchema,
    token: text("the text of a token").optional(),
    token_id: count(0).optional(),
  })
  .transform(({ model, token, token_id: id }, context): EmbeddingSource => {
    const said = token ?? id;
    if (said !== undefined && (token === undefined || id === undefined))
      return { kind: "other_token", model, token: said };
    const found = said === undefined ? "neither" : "both";
    context.issues.push({ code: "custom", message: `expected "token" or "token_id", found ${found}`, input: said });
    return z.NEVER;
  });

const otherKind = z.looseObject({ kind: z.never({ error: expected("one of zero, model_token") }) });

/** The embedding of a token: mergekit's `{ kind: zero }` and `{ kind: model_token, ... }`, or a model whose own it is. */
const embedding = chosenBy<EmbeddingSource>((value) => {
  if (!isRecord(value) || value.kind === undefined) return sameToken;
  if (value.kind === "zero") return zero;
  return value.kind === "model_token" ? modelToken : otherKind;
});

const token = z
  .strictObject({ source: embedding.nullish(), force: numberSchema.nullish() })
  .nullable()
  .transform((setting): TokenSetting => ({ source: setting?.source ?? undefined, force: (setting?.force ?? 0) !== 0 }));

/**
 * `tokenizer`, with settings of single tokens by their texts.
 * Source: mergekit/tokenizer/config.py
 */
export const tokenizerSchema = z
  .strictObject({
    source: source.nullish(),
    tokens: mapOf(token).nullish(),
    pad_to_multiple_of: count(1).nullish(),
  })
  .transform(
    (settings): VocabularyRecipe => ({
      source: settings.source ?? "union",
      tokens: settings.tokens ?? new Map(),
      padToMultipleOf: settings.pad_to_multiple_of ?? undefined,
    }),
  );

/** `tokenizer_source`, the short form of it. */
export const tokenizerSourceSchema = source.transform(
  (from): VocabularyRecipe => ({ source: from, tokens: new Map(), padToMultipleOf: undefined }),
);

import { isRecord } from "../../base/is-record.ts";
import type { ConfigValues, Path } from "./config-values.ts";
import { readModel } from "./parse-model.ts";
import type { EmbeddingSource, TokenSetting, VocabularyRecipe } from "./recipe.ts";

const KINDS = ["zero", "model_token"];

/**
 * Reads `tokenizer_source`, or `tokenizer` with its settings of single tokens. Not both: mergekit refuses that, too.
 * Source: mergekit/tokenizer/config.py
 */
export function readVocabularyRecipe(
  values: ConfigValues,
  top: Readonly<Record<string, unknown>>,
): VocabularyRecipe | undefined {
  const short = values.optional(top.tokenizer_source, (item) => readSource(values, item, ["tokenizer_source"]));
  const long = values.optional(top.tokenizer, (item) => readTokenizer(values, item));
  if (short !== undefined && long !== undefined) {
    values.fail(["tokenizer"], 'expected "tokenizer" or "tokenizer_source", found both', undefined, true);
  }
  return short === undefined ? long : { source: short, tokens: new Map(), padToMultipleOf: undefined };
}

function readTokenizer(values: ConfigValues, value: unknown): VocabularyRecipe {
  const path: Path = ["tokenizer"];
  const settings = values.object(value, path, ["source", "tokens", "pad_to_multiple_of"]);
  const tokens = values.optional(settings.tokens, (item) => values.record(item, [...path, "tokens"], "tokens")) ?? {};
  return {
    source: values.optional(settings.source, (item) => readSource(values, item, [...path, "source"])) ?? "union",
    tokens: new Map(
      Object.entries(tokens).map(([token, setting]) => [
        token,
        readTokenSetting(values, setting, [...path, "tokens", token]),
      ]),
    ),
    padToMultipleOf: values.optional(settings.pad_to_multiple_of, (item) =>
      values.count(item, [...path, "pad_to_multiple_of"], 1),
    ),
  };
}

function readSource(values: ConfigValues, value: unknown, path: Path): VocabularyRecipe["source"] {
  if (value === "union" || value === "base") return value;
  return { model: readModel(values, value, path) };
}

function readTokenSetting(values: ConfigValues, value: unknown, path: Path): TokenSetting {
  const { source, force } = values.object(value ?? {}, path, ["source", "force"]);
  return {
    source: values.optional(source, (item) => readEmbeddingSource(values, item, [...path, "source"])),
    force: values.optional(force, (item) => values.number(item, [...path, "force"]) !== 0) ?? false,
  };
}

function readEmbeddingSource(values: ConfigValues, value: unknown, path: Path): EmbeddingSource {
  if (!isRecord(value) || value.kind === undefined)
    return { kind: "same_token", model: readModel(values, value, path) };
  if (value.kind === "zero") {
    values.object(value, path, ["kind"]);
    return { kind: "zero" };
  }
  if (value.kind !== "model_token") values.fail([...path, "kind"], `expected one of ${KINDS.join(", ")}`);
  const { model, token, token_id: id } = values.object(value, path, ["kind", "model", "token", "token_id"]);
  if ((token === undefined) === (id === undefined)) {
    values.fail(path, `expected "token" or "token_id", found ${token === undefined ? "neither" : "both"}`);
  }
  return {
    kind: "other_token",
    model: readModel(values, model, [...path, "model"]),
    token:
      token === undefined
        ? values.count(id, [...path, "token_id"], 0)
        : values.text(token, [...path, "token"], "the text of a token"),
  };
}

import { z } from "zod";
import { chosenBy, expected, mapOf, show } from "../../base/yaml/check-yaml.ts";
import { PARAMETER_NAMES } from "../methods/index.ts";
import { text } from "./model-schema.ts";
import type { RecipeParameters, Setting } from "./recipe.ts";

/** Items of a list: numbers in a gradient, conditions, models, slices. None has more than one a layer. */
const MAX_ITEMS = 4096;

/** A list that is not empty. */
export function listOf<Value>(item: z.ZodType<Value>): z.ZodType<Value[]> {
  const error = expected(`a list of 1 to ${MAX_ITEMS}`);
  return z.array(item, { error }).min(1, { error }).max(MAX_ITEMS, { error });
}

/** Numbers may be written as text (decimals filled into a sweep are), and truth values count as 1 and 0. */
export const numberSchema = z.unknown().transform((value, context): number => {
  if (typeof value === "boolean") return value ? 1 : 0;
  const number =
    typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value) ? Number(value) : value;
  if (typeof number === "number" && !Number.isNaN(number)) return number;
  const isCondition = value !== null && typeof value === "object" && "value" in value;
  const hint = isCondition ? '. Write conditions as a list: "- filter: ..." and "value: ..." below' : "";
  context.issues.push({ code: "custom", message: `expected a number, found ${show(value)}${hint}`, input: value });
  return z.NEVER;
});

const gradient = listOf(numberSchema);

const condition = z
  .strictObject({
    filter: text("part of a name").nullish(),
    value: chosenBy<number | number[]>((value) => (Array.isArray(value) ? gradient : numberSchema)),
  })
  .transform(({ filter, value }) => ({ filter: filter === "*" ? undefined : (filter ?? undefined), value }));

const conditions = listOf(condition);

const setting = chosenBy<Setting>((value) => {
  if (!Array.isArray(value)) return numberSchema;
  return value.every((item) => item === null || typeof item !== "object") ? gradient : conditions;
});

/** A schema of the parameters of a recipe or of a part of it, in the order in which they are written; what is null is not said. */
export type ParametersSchema = z.ZodType<RecipeParameters>;

/** @param own names of parameters of methods of the caller's own */
export function parametersSchema(own: readonly string[]): ParametersSchema {
  return mapOf(setting.nullable(), [...new Set([...PARAMETER_NAMES, ...own])])
    .nullish()
    .transform(
      (settings): RecipeParameters =>
        new Map([...(settings ?? [])].flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    );
}

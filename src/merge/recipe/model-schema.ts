import { z } from "zod";
import { isRecord } from "../../base/is-record.ts";
import { chosenBy, expected } from "../../base/yaml/check-yaml.ts";
import type { YamlPath } from "../../base/yaml/yaml-document.ts";

/** @param what it is, for errors */
export function text(what: string): z.ZodType<string> {
  return z.string({ error: expected(what) });
}

const path = text("the path of a model").refine((model) => model.trim() !== "" && !model.includes("\0"), {
  error: expected("the path of a model"),
});

const place = chosenBy((value) => (isRecord(value) ? longPlace : path));

const longPlace = z
  .strictObject({ path, revision: text("a revision").nullish() })
  .transform(({ path: name, revision }) => [name, revision ?? []].flat().join("@"));

/**
 * A model as a recipe names it: text, or mergekit's long form
 * `{ model: { path, revision }, lora: { path, revision }, override_architecture }`.
 */
export const modelSchema = chosenBy((value) => (isRecord(value) ? longModel : path));

const longModel = z
  .strictObject({
    model: place,
    lora: place.nullish(),
    override_architecture: text("the name of an architecture").nullish(),
  })
  .transform(({ model, lora }) => [model, lora ?? []].flat().join("+"));

/** A model that is to be taken for one of another architecture. */
interface OtherArchitecture {
  readonly model: string;
  readonly architecture: string;
  /** Where the recipe says so. */
  readonly path: YamlPath;
}

/** @param value a config that is checked, or a part of it: in it, only models say `override_architecture` as a text */
export function otherArchitectures(value: unknown, at: YamlPath = []): OtherArchitecture[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => otherArchitectures(item, [...at, i]));
  if (!isRecord(value)) return [];
  const { override_architecture: architecture } = value;
  if (typeof architecture === "string")
    return [{ model: modelSchema.parse(value), architecture, path: [...at, "override_architecture"] }];
  return Object.entries(value).flatMap(([key, inner]) => otherArchitectures(inner, [...at, key]));
}

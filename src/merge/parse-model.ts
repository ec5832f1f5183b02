import { isRecord } from "../base/is-record.ts";
import { type ConfigValues, type Path, show } from "./config-values.ts";

/** Reads a model as a recipe names it: text, or mergekit's long form `{ model: { path, revision }, lora: { path, revision } }`. */
export function readModel(values: ConfigValues, value: unknown, path: Path): string {
  if (!isRecord(value)) return readPath(values, value, path);
  const { model, lora } = values.object(value, path, ["model", "lora"]);
  const base = readPlace(values, model, [...path, "model"]);
  const adapter = values.optional(lora, (item) => readPlace(values, item, [...path, "lora"]));
  return adapter === undefined ? base : `${base}+${adapter}`;
}

function readPlace(values: ConfigValues, value: unknown, at: Path): string {
  if (!isRecord(value)) return readModel(values, value, at);
  const { path, revision } = values.object(value, at, ["path", "revision"]);
  const name = readPath(values, path, [...at, "path"]);
  const found = values.optional(revision, (item) => values.text(item, [...at, "revision"], "a revision"));
  return found === undefined ? name : `${name}@${found}`;
}

function readPath(values: ConfigValues, value: unknown, path: Path): string {
  const model = values.text(value, path, "the path of a model");
  if (model.trim() !== "" && !model.includes("\0")) return model;
  return values.fail(path, `expected the path of a model, found ${show(model)}`);
}

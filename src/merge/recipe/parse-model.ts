import { isRecord } from "../../base/is-record.ts";
import { type ConfigValues, type Path, show } from "./config-values.ts";

/**
 * Reads a model as a recipe names it: text, or mergekit's long form
 * `{ model: { path, revision }, lora: { path, revision }, override_architecture }`.
 */
export function readModel(values: ConfigValues, value: unknown, path: Path): string {
  if (!isRecord(value)) return readPath(values, value, path);
  const {
    model,
    lora,
    override_architecture: wanted,
  } = values.object(value, path, ["model", "lora", "override_architecture"]);
  const base = readPlace(values, model, [...path, "model"]);
  const adapter = values.optional(lora, (item) => readPlace(values, item, [...path, "lora"]));
  const name = adapter === undefined ? base : `${base}+${adapter}`;
  const at = [...path, "override_architecture"];
  const architecture = values.optional(wanted, (item) => values.text(item, at, "the name of an architecture"));
  if (architecture !== undefined) {
    const other = values.architectures.get(name);
    if (other !== undefined && other !== architecture) {
      values.fail(at, `expected one architecture of ${name}, found ${other} and ${architecture}`);
    }
    values.architectures.set(name, architecture);
  }
  return name;
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

import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node } from "yaml";
import { ConfigError, messageOf } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import { parseYamlText } from "../../base/yaml/parse-yaml-text.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { CHAT_TEMPLATE_NAMES } from "../chat-templates.ts";
import { METHOD_NAMES, mergeMethodOf, PARAMETER_NAMES } from "../methods/index.ts";
import { ConfigValues, type Locate, type Path, show } from "./config-values.ts";
import { readModel } from "./parse-model.ts";
import { readVocabularyRecipe } from "./parse-tokenizer.ts";
import type { Condition, MergeRecipe, RecipeParameters, RecipeSlice, RecipeSource, Setting } from "./recipe.ts";
import { recipeModels } from "./recipe.ts";

/** Recipes are a few KB; a limit keeps a wrong file (a model, say) from being read as one. */
const MAX_RECIPE_BYTES = 500_000;
const KEYS = [
  "merge_method",
  "models",
  "slices",
  "modules",
  "base_model",
  "parameters",
  "dtype",
  "out_dtype",
  "tokenizer_source",
  "tokenizer",
  "chat_template",
  "donor",
] as const;

/** mergekit reads YAML 1.1 (PyYAML): `yes` is true there. */
export const MERGEKIT_YAML = { version: "1.1" } as const;

/** Models or slices: of the recipe, or of a module of it. */
const MODULE_KEYS = ["models", "slices", "parameters"] as const;

/** The one module that a language model has, as mergekit calls it. */
const MODULE = "default";

const DTYPE_NAMES: ReadonlyMap<string, FloatDtype> = new Map([
  ["float32", "F32"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
]);

/**
 * Reads mergekit's YAML.
 *
 * @param fileName what to call the text in errors
 * @throws ConfigError with file, line and column
 */
export function parseRecipeYaml(text: string, fileName: string): MergeRecipe {
  checkLength(text, fileName);
  const lines = new LineCounter();
  return readRecipeDocument(parseYamlText(text, { ...MERGEKIT_YAML, lineCounter: lines }), lines, fileName);
}

/** @throws ConfigError for a text that is too long to be a recipe */
export function checkLength(text: string, fileName: string): void {
  if (text.length <= MAX_RECIPE_BYTES) return;
  throw new ConfigError(`${fileName}: expected a recipe of at most ${MAX_RECIPE_BYTES} bytes, found ${text.length}`);
}

/**
 * Reads mergekit's YAML, parsed.
 *
 * @throws ConfigError as `parseRecipeYaml` does
 */
export function readRecipeDocument(document: Document.Parsed, lines: LineCounter, fileName: string): MergeRecipe {
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const found =
      fault.code === "MULTIPLE_DOCS" ? "one document, found another one after ---" : `YAML: ${fault.message}`;
    throw new ConfigError(`${fileName}:${line}:${col}: expected ${found}`);
  }
  if (document.contents === null) throw new ConfigError(`${fileName}: expected a mergekit config, found an empty file`);
  const placeOf = (path: Path, key: boolean): string => {
    const { line, col } = lines.linePos(offsetOf(document.contents, path, key));
    return `${fileName}:${line}:${col}`;
  };
  return readRecipe(
    plainValue(document, placeOf([], false)),
    (path, key) => `${placeOf(path, key)}: ${showPath(path)}`,
  );
}

/**
 * What a document says.
 *
 * @param place of the document, for errors
 * @throws ConfigError for aliases of nothing, or that unfold to far more than is written
 */
export function plainValue(document: Document.Parsed, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError(`${place}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Reads a mergekit config that is parsed already, such as the `recipe:` of a sweep with its numbers filled in.
 *
 * @param where what to call it in errors, or how to find the place of a path of keys in its file
 * @throws ConfigError with the path of keys
 */
export function parseRecipe(value: unknown, where: string | ((path: Path) => string)): MergeRecipe {
  const place = typeof where === "string" ? (): string => where : where;
  return readRecipe(value, (path) => `${place(path)}: ${showPath(path)}`);
}

function showPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The offset in the text of the value at a path, or of its key; of the nearest thing around it if there is none. */
export function offsetOf(root: Node | null, path: Path, wantKey: boolean): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) return offset;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      node = depth === path.length - 1 && wantKey ? pair.key : pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
    }
    if (isNode(node) && node.range) offset = node.range[0];
  }
  return offset;
}

function readRecipe(value: unknown, locate: Locate): MergeRecipe {
  return new RecipeReader(new ConfigValues(locate)).recipe(value);
}

class RecipeReader {
  readonly #values: ConfigValues;

  constructor(values: ConfigValues) {
    this.#values = values;
  }

  recipe(value: unknown): MergeRecipe {
    const values = this.#values;
    const top = values.object(value, [], KEYS);
    const method = values.text(top.merge_method, ["merge_method"], "the name of a merge method");
    if (mergeMethodOf(method) === undefined) {
      values.fail(["merge_method"], `expected a merge method, found ${show(method)}`, suggestion(method, METHOD_NAMES));
    }
    const [inputs, path] = this.#inputs(top);
    if ((inputs.models === undefined) === (inputs.slices === undefined)) {
      values.fail(path, `expected "models" or "slices", found ${inputs.models === undefined ? "neither" : "both"}`);
    }
    const sourceKeys = ["model", "parameters"];
    const recipe: MergeRecipe = {
      method,
      models: values.list(inputs.models, [...path, "models"], (item, at) => this.#source(item, at, sourceKeys)),
      slices: values.list(inputs.slices, [...path, "slices"], (item, at) => this.#slice(item, at)),
      baseModel: values.optional(top.base_model, (item) => readModel(values, item, ["base_model"])),
      parameters: this.#parameters(top.parameters, ["parameters"]),
      moduleParameters: inputs === top ? new Map() : this.#parameters(inputs.parameters, [...path, "parameters"]),
      dtype: values.optional(top.dtype, (item) => this.#dtype(item, ["dtype"])),
      outDtype: values.optional(top.out_dtype, (item) => this.#dtype(item, ["out_dtype"])),
      donor: values.optional(top.donor, (item) => readModel(values, item, ["donor"])),
      vocabulary: readVocabularyRecipe(values, top),
      chatTemplate: values.optional(top.chat_template, (item) => readChatTemplateName(values, item)),
      architectures: values.architectures,
    };
    const { donor } = recipe;
    const models = recipeModels(recipe);
    if (donor !== undefined && !models.includes(donor)) {
      values.fail(["donor"], `expected a model of the recipe, found ${show(donor)}`, suggestion(donor, models));
    }
    return recipe;
  }

  /** Where the models or slices are, and the keys that lead there. */
  #inputs(top: Readonly<Record<string, unknown>>): readonly [Readonly<Record<string, unknown>>, Path] {
    const values = this.#values;
    if (top.modules === undefined || top.modules === null) return [top, []];
    if (top.models !== undefined || top.slices !== undefined) {
      values.fail(["modules"], 'expected one of "models", "slices" and "modules", found two', undefined, true);
    }
    const module = values.object(top.modules, ["modules"], [MODULE])[MODULE];
    const path = ["modules", MODULE];
    return [values.object(module, path, MODULE_KEYS), path];
  }

  #slice(value: unknown, path: Path): RecipeSlice {
    const values = this.#values;
    // mergekit knows residual_weight, and makes nothing of it.
    const slice = values.object(value, path, ["sources", "base_model", "parameters", "residual_weight"]);
    const keys = ["model", "layer_range", "parameters"];
    const sources = values.list(slice.sources, [...path, "sources"], (item, at) => this.#source(item, at, keys));
    return {
      sources: sources ?? values.fail(path, 'expected "sources", found none'),
      baseModel: values.optional(slice.base_model, (item) => readModel(values, item, [...path, "base_model"])),
      parameters: this.#parameters(slice.parameters, [...path, "parameters"]),
    };
  }

  #source(value: unknown, path: Path, keys: readonly string[]): RecipeSource {
    const values = this.#values;
    const source = values.object(value, path, keys);
    return {
      model: readModel(values, source.model, [...path, "model"]),
      layerRange: values.optional(source.layer_range, (item) => this.#layerRange(item, [...path, "layer_range"])),
      parameters: this.#parameters(source.parameters, [...path, "parameters"]),
    };
  }

  #layerRange(value: unknown, path: Path): [number, number] {
    const [from, to, ...rest]: unknown[] = Array.isArray(value) ? value : [];
    if (isLayer(from) && isLayer(to) && from < to && rest.length === 0) return [from, to];
    return this.#values.fail(path, `expected [first layer, layer after the last], found ${show(value)}`);
  }

  #dtype(value: unknown, path: Path): FloatDtype {
    const name = typeof value === "string" ? value.replace(/^torch\./, "") : "";
    const dtype = DTYPE_NAMES.get(name);
    if (dtype !== undefined) return dtype;
    return this.#values.fail(path, `expected a dtype, found ${show(value)}`, suggestion(name, DTYPE_NAMES.keys()));
  }

  #parameters(value: unknown, path: Path): RecipeParameters {
    if (value === undefined || value === null) return new Map();
    const parameters = this.#values.object(value, path, PARAMETER_NAMES);
    return new Map(
      Object.entries(parameters)
        .filter(([, setting]) => setting !== null)
        .map(([name, setting]) => [name, this.#setting(setting, [...path, name])]),
    );
  }

  #setting(value: unknown, path: Path): Setting {
    const values = this.#values;
    if (!Array.isArray(value)) return values.number(value, path);
    const items: unknown[] = value;
    if (items.every((item) => item === null || typeof item !== "object")) {
      return values.list(items, path, (item, at) => values.number(item, at)) ?? [];
    }
    return values.list(items, path, (item, at) => this.#condition(item, at)) ?? [];
  }

  #condition(value: unknown, path: Path): Condition {
    const values = this.#values;
    const condition = values.object(value, path, ["filter", "value"]);
    const filter = values.optional(condition.filter, (item) =>
      values.text(item, [...path, "filter"], "part of a name"),
    );
    const at = [...path, "value"];
    const setting = Array.isArray(condition.value)
      ? values.list(condition.value, at, (item, place) => values.number(item, place))
      : values.number(condition.value, at);
    return { filter: filter === "*" ? undefined : filter, value: setting ?? 0 };
  }
}

/** What a chat template has at least, as mergekit sees it: a shorter text without a brace is the name of one. */
function readChatTemplateName(values: ConfigValues, value: unknown): string {
  const path = ["chat_template"];
  const text = values.text(value, path, `"auto", a name or a Jinja template`);
  if (text === "auto" || text.includes("{") || CHAT_TEMPLATE_NAMES.includes(text)) return text;
  return values.fail(
    path,
    `expected "auto", one of ${CHAT_TEMPLATE_NAMES.join(", ")}, or a Jinja template, found ${show(text)}`,
    suggestion(text, CHAT_TEMPLATE_NAMES),
  );
}

function isLayer(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

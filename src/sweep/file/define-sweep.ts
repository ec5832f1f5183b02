import { basename, resolve } from "node:path";
import type { YamlDocument } from "../../base/yaml/yaml-document.ts";
import type { RecipeDefinition } from "../../merge/recipe/recipe-definition.ts";
import { checkSweep, type SweepFile, type SweepInput } from "./config.ts";
import { readProtocol } from "./protocol.ts";

/** A sweep as an object, with the keys of a sweep file: what is left out has the same defaults. */
export interface SweepDefinition extends Omit<SweepInput, "recipe"> {
  /** A mergekit config in which values may be expressions over the axes: `"${1 - w}"`. */
  recipe?: RecipeDefinition | undefined;
}

/** Where a sweep that is defined in code stands. */
export interface DefineOptions {
  /** Where relative paths start. @default the working directory */
  readonly root?: string | undefined;
  /** Values of its variables instead of its own. */
  readonly set?: Readonly<Record<string, string>> | undefined;
}

/**
 * Checks a sweep that is defined in code, for `planSweep`; `readSweepFile` does the same for a file.
 *
 * @throws ConfigError naming the key of everything that is wrong in it; UsageError for a variable that it does not have
 */
export async function defineSweep(definition: SweepDefinition, options: DefineOptions = {}): Promise<SweepFile> {
  const { root = process.cwd(), set = {} } = options;
  const { protocol: name } = definition;
  const protocol = name === undefined ? undefined : await readProtocol(name, root);
  const document = documentOf(definition);
  return { ...checkSweep(document, WHERE, root, { set, protocol }), protocol };
}

/** What else the evaluation of one checkpoint says. */
export interface EvaluationDefinition extends Omit<Partial<SweepDefinition>, "references" | "benchmarks"> {
  benchmarks?: SweepDefinition["benchmarks"] | undefined;
}

/** What is asked if nothing is said: the benchmark that is shipped. */
const DEFAULT_BENCHMARKS = ["pocket-math"];

/**
 * The evaluation of one checkpoint as a sweep: no axes, no recipe, the checkpoint its one reference.
 *
 * @param model a folder, a GGUF file, or a model of the hub; a path is looked up in the working directory
 * @param more benchmarks (pocket-math if left out), generation, and what else a sweep says
 * @throws ConfigError as `defineSweep` does
 */
export async function defineEvaluation(
  model: string,
  { benchmarks = DEFAULT_BENCHMARKS, ...more }: EvaluationDefinition = {},
): Promise<SweepFile> {
  const name = modelName(model);
  return await defineSweep({ name: `eval-${name}`, references: { [name]: model }, benchmarks, ...more });
}

/** The last part of a path, in letters that a file's name may have. */
function modelName(path: string): string {
  // A file and a folder of one name are two models.
  const name = basename(resolve(path));
  return name.replaceAll(/[^\w.-]+/g, "_").replace(/^[^A-Za-z0-9]+/, "") || "model";
}

/** What errors call a sweep that is in no file. */
const WHERE = "the sweep";

/** An object as a document: errors name the keys themselves. */
function documentOf(definition: SweepDefinition): YamlDocument {
  // Plain data, as a file would have it: what is undefined is left out.
  const text = JSON.stringify(definition);
  const value: unknown = JSON.parse(text);
  return { value, text, locate: () => WHERE };
}

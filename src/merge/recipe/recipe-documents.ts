import { z } from "zod";
import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { checkYaml, expected } from "../../base/yaml/check-yaml.ts";
import { parseYamls } from "../../base/yaml/yaml-document.ts";
import type { MergeMethod } from "../methods/method.ts";
import { MERGEKIT_YAML, parseRecipe } from "./parse-recipe.ts";
import { type MergeRecipe, recipeModels } from "./recipe.ts";

/** One of the merges of a config, as mergekit-multi has them: a document of YAML each. */
export interface NamedRecipe {
  /** What the others call its result; the merge without a name is what the config is for. */
  readonly name: string | undefined;
  readonly recipe: MergeRecipe;
  /** Its document. */
  readonly text: string;
}

/** A name becomes that of a folder. */
const nameError = { error: expected("a name that a folder can have") };
const nameSchema = z
  .string(nameError)
  .regex(/^(?!\.)[^/\\+@\0]{1,100}$/, nameError)
  .nullish();
/** Merges of one config: a chain of a few, in what is published. */
const MAX_DOCUMENTS = 100;

/**
 * Reads a mergekit config of one merge or of several, in the order in which they can be made.
 *
 * @param fileName what to call the text in errors
 * @param methods of the caller's own, beside ours
 * @throws ConfigError with the place, also for names that are there twice or depend on one another in a circle
 */
export function parseRecipesYaml(
  text: string,
  fileName: string,
  methods: readonly MergeMethod[] = [],
): readonly NamedRecipe[] {
  const documents = parseYamls(text, fileName, MERGEKIT_YAML);
  if (documents.length > MAX_DOCUMENTS) {
    throw new ConfigError(`${fileName}: expected at most ${MAX_DOCUMENTS} merges, found ${documents.length}`);
  }
  const recipes = new Map<string | undefined, NamedRecipe>();
  for (const document of documents) {
    const { name: given, ...rest } = isRecord(document.value) ? document.value : {};
    const name = checkYaml(document, nameSchema, { value: given, path: ["name"] }) ?? undefined;
    if (recipes.has(name)) {
      const what = name === undefined ? "one merge without a name" : `one merge ${name}`;
      throw new ConfigError(`${document.locate(["name"])}: expected ${what}, found two`);
    }
    const recipe = parseRecipe(
      isRecord(document.value) ? rest : document.value,
      (path) => document.locate(path),
      methods,
    );
    recipes.set(name, {
      name,
      recipe,
      text: documents.length === 1 && given === undefined ? text : ownText(document.text),
    });
  }
  return inOrder(recipes, fileName);
}

/** The text of one document of several. */
function ownText(text: string): string {
  return `${text.replace(/^---\s*?\n/, "").trim()}\n`;
}

/** Each after those that it is made of; the one without a name last. */
function inOrder(recipes: ReadonlyMap<string | undefined, NamedRecipe>, fileName: string): NamedRecipe[] {
  const done = new Set<string | undefined>();
  const ordered: NamedRecipe[] = [];
  const add = (name: string | undefined, above: readonly (string | undefined)[]): void => {
    const named = recipes.get(name);
    if (named === undefined || done.has(name)) return;
    if (above.includes(name)) {
      const circle = [...above.slice(above.indexOf(name)), name].join(", ");
      throw new ConfigError(
        `${fileName}: expected merges that can be made one after the other, found a circle: ${circle}`,
      );
    }
    for (const used of usedNames(named.recipe)) add(used, [...above, name]);
    done.add(name);
    ordered.push(named);
  };
  for (const name of recipes.keys()) if (name !== undefined) add(name, []);
  add(undefined, []);
  return ordered;
}

/** The names of models that may be those of other merges, without their adapters. */
function usedNames(recipe: MergeRecipe): string[] {
  const { vocabulary } = recipe;
  const source = vocabulary !== undefined && typeof vocabulary.source === "object" ? [vocabulary.source.model] : [];
  const ofTokens = [...(vocabulary?.tokens.values() ?? [])].flatMap(({ source: from }) =>
    from === undefined || from.kind === "zero" ? [] : [from.model],
  );
  return [...recipeModels(recipe), ...source, ...ofTokens].map((model) => model.split("+")[0] ?? model);
}

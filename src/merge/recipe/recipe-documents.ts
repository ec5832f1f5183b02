import { LineCounter } from "yaml";
import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { parseYamlTexts } from "../../base/yaml/parse-yaml-text.ts";
import { show } from "./config-values.ts";
import {
  checkLength,
  MERGEKIT_YAML,
  offsetOf,
  parseRecipe,
  parseRecipeYaml,
  plainValue,
  readRecipeDocument,
} from "./parse-recipe.ts";
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
const NAME = /^(?!\.)[^/\\+@\0]{1,100}$/;
/** Merges of one config: a chain of a few, in what is published. */
const MAX_DOCUMENTS = 100;

/**
 * Reads a mergekit config of one merge or of several, in the order in which they can be made.
 *
 * @param fileName what to call the text in errors
 * @throws ConfigError with the place, also for names that are there twice or depend on one another in a circle
 */
export function parseRecipesYaml(text: string, fileName: string): readonly NamedRecipe[] {
  checkLength(text, fileName);
  const lines = new LineCounter();
  const documents = parseYamlTexts(text, { ...MERGEKIT_YAML, lineCounter: lines });
  const [first] = documents;
  if (first === undefined) return [{ name: undefined, recipe: parseRecipeYaml(text, fileName), text }];
  if (documents.length === 1 && (first.errors.length > 0 || first.get("name") === undefined)) {
    return [{ name: undefined, recipe: readRecipeDocument(first, lines, fileName), text }];
  }
  if (documents.length > MAX_DOCUMENTS) {
    throw new ConfigError(`${fileName}: expected at most ${MAX_DOCUMENTS} merges, found ${documents.length}`);
  }
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const recipes = new Map<string | undefined, NamedRecipe>();
  for (const document of documents) {
    const [fault] = document.errors;
    if (fault !== undefined) throw new ConfigError(`${placeOf(fault.pos[0])}: expected YAML: ${fault.message}`);
    const place = placeOf(document.contents?.range?.[0] ?? 0);
    const value = plainValue(document, place);
    if (!isRecord(value)) throw new ConfigError(`${place}: expected a mergekit config, found ${show(value)}`);
    const { name: given, ...rest } = value;
    const name = readName(given, place);
    if (recipes.has(name)) {
      throw new ConfigError(
        `${place}: expected ${name === undefined ? "one merge without a name" : `one merge ${name}`}, found two`,
      );
    }
    const recipe = parseRecipe(rest, (path) => placeOf(offsetOf(document.contents, path, false)));
    const [start, , end] = document.range ?? [0, 0, text.length];
    recipes.set(name, {
      name,
      recipe,
      text: `${text
        .slice(start, end)
        .replace(/^---\s*?\n/, "")
        .trim()}\n`,
    });
  }
  return inOrder(recipes, fileName);
}

function readName(value: unknown, place: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && NAME.test(value)) return value;
  throw new ConfigError(`${place}: name: expected a name that a folder can have, found ${show(value)}`);
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

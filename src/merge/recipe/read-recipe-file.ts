import { readYamlFile } from "../../base/yaml/yaml-document.ts";
import type { OwnMergeMethod } from "../methods/own-method.ts";
import { type NamedRecipe, parseRecipesYaml } from "./recipe-documents.ts";

/** A mergekit config: the merge that it is for, and those that this one is made of. */
interface RecipeFile {
  readonly text: string;
  /** In the order in which they can be made. */
  readonly recipes: readonly NamedRecipe[];
}

/** Reads a mergekit config of one merge or several. @throws ConfigError if there is none, or with what is wrong in it */
export async function readRecipeFile(path: string, methods: readonly OwnMergeMethod[] = []): Promise<RecipeFile> {
  const text = await readYamlFile(path, "a mergekit config");
  return { text, recipes: parseRecipesYaml(text, path, methods) };
}

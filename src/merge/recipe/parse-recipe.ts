import { ConfigError } from "../../base/errors.ts";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, type YamlPath } from "../../base/yaml/yaml-document.ts";
import { otherArchitectures } from "./model-schema.ts";
import type { MergeRecipe } from "./recipe.ts";
import { recipeSchema } from "./recipe-schema.ts";

/** mergekit reads YAML 1.1 (PyYAML): `yes` is true there. */
export const MERGEKIT_YAML = "1.1";

/**
 * Reads mergekit's YAML.
 *
 * @param fileName what to call the text in errors
 * @throws ConfigError with file, line and column of all that is wrong
 */
export function parseRecipeYaml(text: string, fileName: string): MergeRecipe {
  const document = parseYaml(text, fileName, MERGEKIT_YAML);
  return parseRecipe(document.value, (path) => document.locate(path));
}

/**
 * Reads a mergekit config that is parsed already, such as the `recipe:` of a sweep with its numbers filled in.
 *
 * @param where what to call it in errors, or how to find the place of a path of keys in its file
 * @throws ConfigError with the path of keys of all that is wrong
 */
export function parseRecipe(value: unknown, where: string | ((path: YamlPath) => string)): MergeRecipe {
  const locate = typeof where === "string" ? (): string => where : where;
  const recipe = checkYaml({ locate }, recipeSchema, { value });
  const architectures = new Map<string, string>();
  for (const { model, architecture, path } of otherArchitectures(value)) {
    const other = architectures.get(model) ?? architecture;
    if (other !== architecture)
      throw new ConfigError(
        `${locate(path)}: expected one architecture of ${model}, found ${other} and ${architecture}`,
      );
    architectures.set(model, architecture);
  }
  return { ...recipe, architectures };
}

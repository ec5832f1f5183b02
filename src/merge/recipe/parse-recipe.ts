import { ConfigError } from "../../base/errors.ts";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, type YamlPath } from "../../base/yaml/yaml-document.ts";
import type { MergeMethod } from "../methods/method.ts";
import { otherArchitectures } from "./model-schema.ts";
import type { MergeRecipe } from "./recipe.ts";
import { recipeSchema, recipeSchemaWith } from "./recipe-schema.ts";

/** mergekit reads YAML 1.1 (PyYAML): `yes` is true there. */
export const MERGEKIT_YAML = "1.1";

/**
 * Reads mergekit's YAML.
 *
 * @param fileName what to call the text in errors
 * @param methods of the caller's own, beside ours
 * @throws ConfigError with file, line and column of all that is wrong
 */
export function parseRecipeYaml(text: string, fileName: string, methods: readonly MergeMethod[] = []): MergeRecipe {
  const document = parseYaml(text, fileName, MERGEKIT_YAML);
  return parseRecipe(document.value, (path) => document.locate(path), methods);
}

/**
 * Reads a mergekit config that is parsed already, such as the `recipe:` of a sweep with its numbers filled in.
 *
 * @param where what to call it in errors, or how to find the place of a path of keys in its file
 * @param methods of the caller's own, beside ours
 * @throws ConfigError with the path of keys of all that is wrong
 */
export function parseRecipe(
  value: unknown,
  where: string | ((path: YamlPath) => string),
  methods: readonly MergeMethod[] = [],
): MergeRecipe {
  const locate = typeof where === "string" ? (): string => where : where;
  const recipe = checkYaml({ locate }, methods.length === 0 ? recipeSchema : recipeSchemaWith(methods), { value });
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

import type { MergeMethod } from "../methods/method.ts";
import type { MergeRecipe } from "../recipe/recipe.ts";

/** What a recipe says in vain: parameters that its method does not have, or not of a single model. mergekit is silent. */
export function unusedParameters(
  { parameters, moduleParameters, models = [], slices = [] }: MergeRecipe,
  { name: method, parameters: known }: MergeMethod,
): string[] {
  const all = new Set(known.map(({ name }) => name));
  const ofModels = new Set(known.filter(({ scope }) => scope === "model").map(({ name }) => name));
  const sources = [...models, ...slices.flatMap((slice) => slice.sources)];
  const common = [parameters, moduleParameters, ...slices.map((slice) => slice.parameters)].flatMap((of) => [
    ...of.keys(),
  ]);
  const own = sources.flatMap((source) => [...source.parameters.keys()]);
  const warnings: string[] = [];
  for (const name of new Set([...common, ...own])) {
    if (!all.has(name)) warnings.push(`${method} has no parameter ${name}: it has no effect`);
    else if (own.includes(name) && !ofModels.has(name)) {
      warnings.push(`${name} of a single model has no effect: ${method} has one for the whole merge or slice`);
    }
  }
  return warnings;
}

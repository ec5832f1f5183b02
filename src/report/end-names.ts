import { z } from "zod";
import type { Manifest } from "../runs/schema.ts";

/** The part of a frozen plan that says which model has which weight; anything else in it is none of a report's business. */
const mixtureSchema = z.object({
  recipe: z.object({
    models: z.array(z.object({ model: z.string(), parameters: z.object({ weight: z.string() }) })).length(2),
  }),
});

/**
 * What the ends of an axis w are, if the recipe mixes two models by w and 1 - w: at 0 and at 1 only one of them is left.
 * Values of the first axis with the model's last path part; empty for any other recipe.
 */
export function endNames(manifest: Manifest): Map<number, string> {
  const [axis] = manifest.axes;
  const plan = mixtureSchema.safeParse(manifest.plan);
  if (!plan.success || axis === undefined) return new Map();
  const ends = new Map<number, string>();
  for (const { model, parameters } of plan.data.recipe.models) {
    const weight = parameters.weight.replaceAll(/\s/g, "");
    const name = shortName(model);
    if (weight === `\${${axis}}`) ends.set(1, name);
    if (weight === `\${1-${axis}}`) ends.set(0, name);
  }
  return ends.size === 2 ? ends : new Map();
}

/** The last part of a path or hub id, shortened to what fits below an axis. */
function shortName(model: string): string {
  const name =
    model
      .replace(/[/\\]+$/, "")
      .split(/[/\\]/)
      .at(-1) ?? model;
  return name.length > 16 ? `${name.slice(0, 15)}…` : name;
}

import { z } from "zod";
import type { Manifest } from "../../../runs/schema.ts";
import { shortened } from "./short-names.ts";

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
  const { models } = plan.data.recipe;
  const names = distinctParts(models.map(({ model }) => lastPart(model)));
  for (const [i, { model, parameters }] of models.entries()) {
    const weight = parameters.weight.replaceAll(/\s/g, "");
    const name = shortened(names[i] ?? model);
    if (weight === `\${${axis}}`) ends.set(1, name);
    if (weight === `\${1-${axis}}`) ends.set(0, name);
  }
  return ends.size === 2 ? ends : new Map();
}

/** The last part of a path or hub id. */
function lastPart(model: string): string {
  return (
    model
      .replace(/[/\\]+$/, "")
      .split(/[/\\]/)
      .at(-1) ?? model
  );
}

/** `len_MRL4096` and `accfmt_MRL4096` as `len` and `accfmt`: without the words that all of the names begin or end with. */
function distinctParts(names: readonly string[]): string[] {
  let parts = names.map((name) => name.split("_"));
  const alike = (place: number): boolean =>
    parts.every((words) => words.length > 1 && words.at(place) === parts[0]?.at(place));
  while (alike(-1)) parts = parts.map((words) => words.slice(0, -1));
  while (alike(0)) parts = parts.map((words) => words.slice(1));
  return parts.map((words) => words.join("_"));
}

import { digestOf } from "../../base/digest.ts";
import { UsageError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import type { PlannedPoint } from "../../runs/schema.ts";

/** How the names of models become points. */
export interface Placement {
  /** Axis to an expression whose first group is the value: `w` to `acc([0-9.]+)`. */
  readonly axes: Readonly<Record<string, string>>;
  /** Models that are points though their names do not say where: values of axes, by model. */
  readonly ends: readonly { readonly values: Readonly<Record<string, string>>; readonly model: string }[];
}

/** A model, its unit, and the axes that its source has. */
export interface PlacedModel {
  readonly model: string;
  readonly unit: string;
  readonly axes: Readonly<Record<string, string>>;
}

/**
 * Models as points of the axes, in the order of their values, and as references, by name. Without axes all are points.
 *
 * @throws UsageError for an end that is no model, for two models at one place, and where no model is a point
 */
export function placeModels(
  models: readonly PlacedModel[],
  placement: Placement,
): { readonly axes: string[]; readonly points: PlannedPoint[] } {
  const ends = endsOf(models, placement);
  const axes = [
    ...new Set([
      ...Object.keys(placement.axes),
      ...placement.ends.flatMap(({ values }) => Object.keys(values)),
      ...models.flatMap((one) => Object.keys(one.axes)),
    ]),
  ];
  const patterns = Object.entries(placement.axes).map(([axis, text]) => [axis, expression(axis, text)] as const);
  const placed = models.map((one) => {
    const found = Object.fromEntries(
      patterns.flatMap(([axis, pattern]) => {
        const value = pattern.exec(one.model)?.[1];
        return value === undefined ? [] : [[axis, value]];
      }),
    );
    const values = { ...one.axes, ...found, ...ends.get(one.model) };
    const isPoint = axes.every((axis) => values[axis] !== undefined);
    return { ...one, isPoint, values: isPoint ? plainValues(axes, values) : {} };
  });
  if (axes.length > 0 && !placed.some(({ isPoint }) => isPoint)) {
    throw new UsageError(
      `--axis: expected at least one model with a value of ${axes.join(", ")}, found none among:\n${models.map(({ model }) => `  ${model}`).join("\n")}`,
    );
  }
  refuseSamePlace(placed.filter(({ isPoint }) => isPoint && axes.length > 0));
  const points = placed
    .toSorted((a, b) => comparePlaces(axes, a, b))
    .map(
      ({ model, unit, isPoint, values }): PlannedPoint => ({
        name: axes.length > 0 && isPoint ? axes.map((axis) => `${axis}=${values[axis]}`).join(",") : model,
        kind: isPoint ? "point" : "reference",
        axes: values,
        unit,
      }),
    );
  return { axes, points };
}

interface Placed extends PlacedModel {
  readonly isPoint: boolean;
  readonly values: Readonly<Record<string, string>>;
}

function expression(axis: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(
      `--axis ${axis}=${text}: expected a regular expression whose first group is the value, found ${String(error)}`,
    );
  }
}

function endsOf(models: readonly PlacedModel[], { ends }: Placement): Map<string, Readonly<Record<string, string>>> {
  const names = models.map(({ model }) => model);
  return new Map(
    ends.map(({ model, values }) => {
      const found = names.filter((name) => name === model || name.endsWith(`/${model}`));
      const [name, other] = found;
      if (name !== undefined && other === undefined) return [name, values] as const;
      throw new UsageError(
        `--end: expected one model "${model}", found ${found.length === 0 ? "none" : found.join(" and ")}`,
        { hint: suggestion(model, names) },
      );
    }),
  );
}

/** `0.10` is the same value as `0.1`. */
function plainValues(axes: readonly string[], values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    axes.map((axis) => {
      const text = values[axis] ?? "";
      return [axis, /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? String(Number(text)) : text];
    }),
  );
}

function refuseSamePlace(placed: readonly Placed[]): void {
  const seen = new Map<string, string>();
  for (const { model, values } of placed) {
    const key = digestOf(values);
    const other = seen.get(key);
    if (other !== undefined) {
      const place = Object.entries(values).map(([axis, value]) => `${axis}=${value}`);
      throw new UsageError(`--axis: expected one model at ${place.join(",")}, found ${other} and ${model}`, {
        hint: "Choose some of the models with --models REGEX, or tell them apart by another --axis.",
      });
    }
    seen.set(key, model);
  }
}

function comparePlaces(axes: readonly string[], a: Placed, b: Placed): number {
  if (a.isPoint !== b.isPoint) return a.isPoint ? -1 : 1;
  for (const axis of a.isPoint ? axes : []) {
    const [x = "", y = ""] = [a.values[axis], b.values[axis]];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    return Number.isNaN(difference) ? (x < y ? -1 : 1) : difference;
  }
  return a.model < b.model ? -1 : 1;
}

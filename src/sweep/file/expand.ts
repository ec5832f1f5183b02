import { ConfigError } from "../../base/errors.ts";
import type { YamlPath } from "../../base/yaml/yaml-document.ts";
import { MAX_POINTS, type SweepConfig, type SweepFile } from "./config.ts";
import { addExact, compareExact, type Exact, evaluateExpression, formatDecimal, parseDecimal } from "./expression.ts";
import { type PublishedPoint, pointName, publishedPoints } from "./published-points.ts";

/** One place of the grid: a concrete recipe, or a model that stands in for it. */
export type SweepPoint = GridPoint | PublishedPoint;

interface GridPoint {
  readonly name: string;
  /** Axis values as a person writes them. */
  readonly axes: Readonly<Record<string, string>>;
  /** The recipe with every expression replaced by its value. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/**
 * All points of a sweep: those of the grid, the first axis slowest, values in the order of the file; then the models that the
 * file names as points, but one with the values of a point of the grid stands in its place.
 *
 * @throws ConfigError for an axis that never ends, an expression that cannot be evaluated, or an axis nothing uses
 */
export function expandSweep(sweep: SweepFile): SweepPoint[] {
  const published = publishedPoints(sweep);
  const grid = expandGrid(sweep);
  const standsIn = (name: string): PublishedPoint | undefined => published.find((point) => point.name === name);
  const rest = published.filter(({ name }) => !grid.some((point) => point.name === name));
  return [...grid.map((point) => standsIn(point.name) ?? point), ...rest];
}

function expandGrid(sweep: SweepFile): GridPoint[] {
  const { config, document } = sweep;
  const { recipe } = config;
  if (recipe === undefined) return [];
  const axes = Object.entries(config.axes).map(([name, axis]) => ({
    name,
    values: located(document.locate(["axes", name]), () => axisValues(axis)),
  }));
  const count = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (count > MAX_POINTS) {
    throw new ConfigError(`${document.locate(["axes"])}: expected at most ${MAX_POINTS} points, found ${count}`);
  }
  let grid: Record<string, Exact>[] = [{}];
  for (const { name, values } of axes)
    grid = grid.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));

  const unused = new Set(axes.map((axis) => axis.name));
  const points = grid.map((values): GridPoint => {
    const written = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, formatDecimal(value)]));
    const substitute = (value: unknown, path: YamlPath): unknown => {
      if (typeof value === "string") {
        return located(document.locate(path), () => substituteText(value, values, (name) => unused.delete(name)));
      }
      if (Array.isArray(value)) return value.map((item: unknown, index) => substitute(item, [...path, index]));
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, [...path, key])]));
    };
    return {
      name: pointName(written),
      axes: written,
      recipe: Object.fromEntries(
        Object.entries(recipe).map(([key, value]) => [key, substitute(value, ["recipe", key])]),
      ),
    };
  });
  const [idle] = unused;
  if (idle !== undefined) {
    throw new ConfigError(`${document.locate(["axes", idle])}: the recipe never uses the axis "${idle}"`, {
      hint: `Write "\${${idle}}" where the value belongs.`,
    });
  }
  const twice = points.find((point, index) => points.findIndex((other) => other.name === point.name) < index);
  if (twice !== undefined)
    throw new ConfigError(`${document.locate(["axes"])}: the point ${twice.name} is listed twice`);
  return points;
}

/** `"${1 - w}"` alone becomes a number; inside other text, its decimal. */
function substituteText(text: string, axes: Record<string, Exact>, use: (name: string) => void): unknown {
  const evaluate = (expression: string): string => {
    for (const name of expression.match(/[A-Za-z_]\w*/g) ?? []) use(name);
    return formatDecimal(evaluateExpression(expression, axes));
  };
  const alone = /^\$\{([^}]*)\}$/.exec(text.trim());
  if (alone?.[1] !== undefined) return Number(evaluate(alone[1]));
  return text.replaceAll(/\$\{([^}]*)\}/g, (_match, expression: string) => evaluate(expression));
}

function axisValues(axis: SweepConfig["axes"][string]): Exact[] {
  if (Array.isArray(axis)) return axis.map((value) => parseDecimal(String(value)));
  const [from, to, step] = [axis.from, axis.to, axis.step].map((value) => parseDecimal(String(value)));
  if (from === undefined || to === undefined || step === undefined) return [];
  if (step.n <= 0n) throw new ConfigError(`expected a positive step, found ${axis.step}`);
  const values: Exact[] = [];
  for (let value = from; compareExact(value, to) <= 0; value = addExact(value, step)) {
    if (values.length >= MAX_POINTS) throw new ConfigError(`expected at most ${MAX_POINTS} values, found more`);
    values.push(value);
  }
  if (values.length === 0) throw new ConfigError(`expected from <= to, found ${axis.from} to ${axis.to}`);
  return values;
}

/** Puts file:line:column in front of what an inner function has to say. */
function located<Value>(place: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${place}: ${error.message}`, { hint: error.hint });
    throw error;
  }
}

import { sha256 } from "../base/digest.ts";
import { ConfigError } from "../base/errors.ts";
import { chooseObjective, keptMeasures, type Objective } from "../findings/objective.ts";
import type { PlannedBenchmark } from "../runs/schema.ts";
import type { SearchConfig } from "../sweep/file/search-config.ts";
import type { PlannedUnit, SweepPlan } from "../sweep/plan/plan.ts";
import type { RacePlan } from "./race-plan.ts";

/** A race over the points of a sweep, and the names of what it counts. */
export interface SearchPlan {
  readonly race: RacePlan;
  readonly objective: Objective;
  /** In the order of the axis. */
  readonly units: readonly PlannedUnit[];
  /** Ids of the problems in the order in which they are asked, by benchmark of the plan. */
  readonly questions: readonly (readonly string[])[];
}

/**
 * The race that a sweep asks for. Questions go in an order of chance, that of their hashes: whatever part of them is asked is a
 * random sample.
 *
 * @throws ConfigError for an objective that a search has no answer to
 */
export function planSearch(plan: SweepPlan, { budget, confidence, ...levers }: SearchConfig): SearchPlan {
  const { objective } = chooseObjective(plan.sweep.config.objective, []);
  const points = plan.units.filter(({ point }) => point.kind === "point");
  if (points.length < 2) {
    throw new ConfigError(`Expected at least two points to search over, found ${points.length}`);
  }
  if (objective.per_benchmark && plan.benchmarks.length > 1) {
    throw new ConfigError("Expected an objective over all benchmarks for a search, found per_benchmark", {
      hint: "Search over one benchmark at a time with --benchmarks NAME and --out FOLDER.",
    });
  }
  const [axis] = plan.manifest.axes;
  const valueOf = ({ point }: PlannedUnit): number => Number(point.axes[axis ?? ""] ?? "none");
  const alongAxis = plan.manifest.axes.length === 1 && points.every((unit) => Number.isFinite(valueOf(unit)));
  const units = alongAxis ? points.toSorted((a, b) => valueOf(a) - valueOf(b)) : points;
  const [low, high] = [units[0], units.at(-1)].map((unit) => (unit === undefined ? 0 : valueOf(unit)));
  const highest = "maximise" in objective;
  const places = placesOf(plan.manifest.axes, units);
  return {
    race: {
      positions: alongAxis ? units.map((unit) => (valueOf(unit) - (low ?? 0)) / ((high ?? 1) - (low ?? 0))) : undefined,
      places,
      points: units.length,
      benchmarks: plan.benchmarks.map(({ name, samples }) => ({ name, questions: samples.length })),
      measures: highest ? [{ measure: objective.maximise, margin: 0 }] : keptMeasures(objective),
      cheapest: !highest,
      against: highest ? undefined : againstPoint(objective.against, units),
      levers,
      // Hours are no tokens yet.
      budget: budget === undefined || "hours" in budget ? { tokens: Number.POSITIVE_INFINITY } : budget,
      confidence,
      seed: plan.benchmarks.map(({ name, dataSha256 }) => `${name} ${dataSha256}`).join(" "),
    },
    objective,
    units,
    questions: plan.benchmarks.map(({ name, dataSha256, samples }) => {
      const hashed = samples.map(({ id }) => ({ id, hash: sha256(JSON.stringify([name, dataSha256, id])) }));
      return hashed.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ id }) => id);
    }),
  };
}

/** Where points lie on several axes, each from 0 to 1; undefined of one axis, or of values that are no numbers. */
function placesOf(axes: readonly string[], units: readonly PlannedUnit[]): number[][] | undefined {
  if (axes.length < 2) return undefined;
  const scaled = axes.map((axis) => {
    const values = units.map(({ point }) => Number(point.axes[axis] ?? "none"));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => (high === low ? 0 : (value - low) / (high - low)));
  });
  const places = units.map((_, i) => scaled.map((values) => values[i] ?? Number.NaN));
  return places.flat().some(Number.isNaN) ? undefined : places;
}

function againstPoint(against: string, units: readonly PlannedUnit[]): number | undefined {
  if (against === "best") return undefined;
  if (against === "first") return 0;
  if (against === "last") return units.length - 1;
  const place = units.findIndex(({ point }) => point.name === against);
  if (place >= 0) return place;
  throw new ConfigError(
    `Expected a point of the axis that a search holds the others against, found the reference ${against}`,
    {
      hint: "A search asks points only: run the whole grid, or hold against best, first or last.",
    },
  );
}

/** The part of a plan that asks some points some questions; a store that has more of it keeps that. */
export function narrowPlan(
  plan: SweepPlan,
  points: ReadonlySet<string>,
  questions: ReadonlyMap<string, ReadonlySet<string>>,
): SweepPlan {
  const units = plan.units.filter(({ point }) => points.has(point.name));
  const benchmarks = plan.benchmarks
    .map((one) => ({ ...one, samples: one.samples.filter(({ id }) => questions.get(one.name)?.has(id)) }))
    .filter(({ samples }) => samples.length > 0);
  const described = benchmarks.flatMap(({ name, samples }): PlannedBenchmark[] => {
    const whole = plan.wholeBenchmarks.find((one) => one.name === name)?.samples.length;
    const planned = plan.manifest.benchmarks.find((one) => one.name === name);
    if (planned === undefined) return [];
    const { ids: _ids, ...rest } = planned;
    const ids = samples.length === whole ? {} : { ids: samples.map(({ id }) => id), of: whole };
    return [{ ...rest, samples: samples.length, ...ids }];
  });
  const manifest = { ...plan.manifest, points: units.map(({ point }) => point), benchmarks: described, ragged: true };
  return { ...plan, units, benchmarks, trial: true, manifest };
}

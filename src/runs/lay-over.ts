import { digestOf } from "../base/digest.ts";
import { StoreError } from "../base/errors.ts";
import { different, type NamedRun, refuseIncomparable } from "./comparable.ts";
import type { Manifest, PlannedPoint } from "./schema.ts";
import type { EvaluatedPoint, StoredRun } from "./stored-run.ts";

/** The axis that tells runs apart that are laid over one another. */
export const RUN_AXIS = "run";

/**
 * Lays runs over one another (linear against ties, two seeds), so that one report compares them and one family of claims covers
 * all. The run becomes an axis; points of one name are called `run/point`.
 *
 * @throws StoreError if answers cannot be compared: other problems under one benchmark's name, other scoring, another cap
 */
export function layOver(runs: readonly NamedRun[]): StoredRun {
  const [first, ...others] = runs;
  if (first === undefined) throw new StoreError("Expected at least one run, found none");
  if (others.length === 0) return first.run;
  const names = runs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new StoreError(`Expected runs of different names, found "${twice}" twice`);
  for (const other of others) refuseOther(first, other);
  const seen = new Map<string, number>();
  for (const { run } of runs) for (const { name } of run.manifest.points) seen.set(name, (seen.get(name) ?? 0) + 1);
  const rename = (run: string, point: PlannedPoint): PlannedPoint => ({
    name: (seen.get(point.name) ?? 0) > 1 ? `${run}/${point.name}` : point.name,
    kind: point.kind,
    axes: point.kind === "point" ? { ...point.axes, [RUN_AXIS]: run } : {},
    unit: `${run}/${point.unit}`,
  });
  const renamed = runs.map(({ name, run }) => ({
    name,
    run,
    points: new Map(run.manifest.points.map((point) => [point.name, rename(name, point)])),
  }));
  return {
    manifest: {
      ...first.run.manifest,
      sweep: names.join("+"),
      axes: [...new Set(runs.flatMap(({ run }) => run.manifest.axes)), RUN_AXIS],
      points: renamed.flatMap(({ points }) => [...points.values()]),
      benchmarks: commonBenchmarks(runs),
      plan: {
        runs: Object.fromEntries(runs.map(({ name, run }) => [name, run.manifest.plan])),
        generation: first.run.manifest.plan.generation,
      },
      plan_digest: digestOf(runs.map(({ run }) => run.manifest.plan_digest)),
    },
    evaluated: renamed.flatMap(({ name, run, points }) =>
      run.evaluated.map(
        (unit): EvaluatedPoint => ({
          ...unit,
          point: points.get(unit.point.name) ?? unit.point,
          result: { ...unit.result, same_as: unit.result.same_as === null ? null : `${name}/${unit.result.same_as}` },
        }),
      ),
    ),
    failed: renamed.flatMap(({ run, points }) =>
      run.failed.map((failure) => ({ ...failure, point: points.get(failure.point)?.name ?? failure.point })),
    ),
    runs: names,
  };
}

function refuseOther(first: NamedRun, other: NamedRun): void {
  const [a, b] = [first.run.manifest, other.run.manifest];
  const prompts = b.benchmarks.flatMap(({ name, prompt }) => {
    const same = a.benchmarks.find((benchmark) => benchmark.name === name);
    return same === undefined ? [] : different(`prompt of ${name}`, same.prompt, prompt);
  });
  refuseIncomparable(first, other, [...different("max_tokens", a.max_tokens, b.max_tokens), ...prompts]);
}

/** Of one name once; asked as often as in the run that asks it most. */
function commonBenchmarks(runs: readonly NamedRun[]): Manifest["benchmarks"] {
  const all = runs.flatMap(({ run }) => run.manifest.benchmarks);
  const names = [...new Set(all.map(({ name }) => name))];
  return names.flatMap((name) => {
    const same = all.filter((benchmark) => benchmark.name === name);
    const [first] = same;
    if (first === undefined) return [];
    return [
      {
        ...first,
        samples: Math.max(...same.map(({ samples }) => samples)),
        attempts: Math.max(...same.map(({ attempts }) => attempts)),
      },
    ];
  });
}

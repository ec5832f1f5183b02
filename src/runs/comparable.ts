import { StoreError } from "../base/errors.ts";
import type { PlannedBenchmark } from "./schema.ts";
import type { StoredRun } from "./stored-run.ts";

/** A run and what to call it. */
export interface NamedRun {
  readonly name: string;
  readonly run: StoredRun;
}

/**
 * Refuses runs whose figures mean different things: other scoring, or other problems under one benchmark's name.
 *
 * Results of other programs have scores of other graders: they are refused only where they would share a page.
 *
 * @param also what else may not differ; undefined where only pairs are compared
 * @throws StoreError that says what differs, and how to bring it together
 */
export function refuseIncomparable(first: NamedRun, other: NamedRun, also?: readonly string[]): void {
  const [a, b] = [first.run.manifest, other.run.manifest];
  const isImported = [a, b].some(({ plan }) => "imported" in plan);
  const scoring = also === undefined && isImported ? [] : gradedDifferently(first, other);
  const data = eachCommon(first, other, (x, y) =>
    different(`data of ${x.name}`, x.data_sha256.slice(0, 12), y.data_sha256.slice(0, 12)),
  );
  const differences = [...scoring, ...data, ...(also ?? [])];
  if (differences.length === 0) return;
  throw new StoreError(
    `${first.name} and ${other.name} cannot be compared:\n${differences.map((line) => `  ${line}`).join("\n")}`,
    {
      hint:
        scoring.length > 0
          ? isImported
            ? "Grade the imported answers again: mergesweep import PATHS --rescore --out RUN"
            : "Bring both to one scoring with: mergesweep score RUN --profile P"
          : "Evaluate both on the same problems, in the same way.",
    },
  );
}

/** How two runs graded their answers differently. */
export function gradedDifferently(first: NamedRun, other: NamedRun): string[] {
  return [
    ...different("scoring", first.run.manifest.scoring.profile, other.run.manifest.scoring.profile),
    ...different("formats", first.run.manifest.scoring.formats, other.run.manifest.scoring.formats),
    ...different("scorers", first.run.manifest.scoring.scorers, other.run.manifest.scoring.scorers),
    ...different("scorer versions", versionsOf(first), versionsOf(other)),
  ];
}

/** How two runs asked their models differently, though their figures can be compared. */
export function askedDifferently(first: NamedRun, other: NamedRun): string[] {
  const [a, b] = [first.run.manifest, other.run.manifest];
  return [
    ...different("max_tokens", a.max_tokens, b.max_tokens),
    ...different("generation", sampled(a.plan.generation), sampled(b.plan.generation)),
    ...eachCommon(first, other, (x, y) => [
      ...different(`attempts at ${x.name}`, x.attempts, y.attempts),
      ...different(`problems of ${x.name}`, x.samples, y.samples),
      ...different(`prompt of ${x.name}`, x.prompt, y.prompt),
    ]),
  ];
}

/** What of the settings is not said otherwise. */
function sampled(generation: unknown): unknown {
  if (typeof generation !== "object" || generation === null) return generation;
  return { ...generation, attempts: undefined, max_tokens: undefined };
}

function eachCommon(
  first: NamedRun,
  other: NamedRun,
  compare: (a: PlannedBenchmark, b: PlannedBenchmark) => string[],
): string[] {
  return other.run.manifest.benchmarks.flatMap((benchmark) => {
    const same = first.run.manifest.benchmarks.find(({ name }) => name === benchmark.name);
    return same === undefined ? [] : compare(same, benchmark);
  });
}

function versionsOf({ run }: NamedRun): number[] {
  return [...new Set(run.evaluated.map(({ result }) => result.scorer_version))].toSorted((a, b) => a - b);
}

/** `what: 1 and 2`, if they differ. */
export function different(what: string, a: unknown, b: unknown): string[] {
  const [x, y] = [JSON.stringify(a), JSON.stringify(b)];
  return x === y ? [] : [`${what}: ${x} and ${y}`];
}

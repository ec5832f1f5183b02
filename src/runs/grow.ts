import { StoreError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import type { Manifest, PlannedBenchmark, PlannedPoint } from "./schema.ts";

/**
 * The manifest of a store after another plan came to it. Points, problems, attempts and benchmarks may be added or left out:
 * what is stored stays. What would change a completion is refused.
 *
 * @param options.trial whether only a part of the plan was asked for: it then never makes the manifest smaller
 * @throws StoreError that says what differs
 */
export function growManifest(
  stored: Manifest,
  wanted: Manifest,
  { folder, trial }: { readonly folder: string; readonly trial: boolean },
): Manifest {
  const differences = [
    ...differencesOf(frozenPart(stored.plan, wanted.plan), frozenPart(wanted.plan, stored.plan)),
    ...wanted.benchmarks.flatMap((benchmark) => changedBenchmark(stored, benchmark)),
  ];
  if (differences.length > 0) {
    throw new StoreError(
      `${folder} was made with another plan:\n${differences.map((line) => `  ${line}`).join("\n")}`,
      {
        hint: "Give the new plan a store of its own with --out FOLDER, or remove the old one.",
      },
    );
  }
  if (!trial) return wanted;
  const { objective: _old, ...rest } = stored;
  const { scoring, objective } = wanted;
  return {
    ...rest,
    points: unionOfPoints(stored, wanted),
    benchmarks: unionOfBenchmarks(stored, wanted),
    scoring,
    ...(objective === undefined ? {} : { objective }),
    ...(wanted.ragged === true ? { ragged: true } : {}),
  };
}

/** The part of a plan that must not change, as far as the other plan has it, too. */
function frozenPart(plan: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): unknown {
  const { points: _p, benchmarks: _b, sample_ids: _s, axes, recipe, references, generation, fetched, ...rest } = plan;
  return {
    ...rest,
    axes: recipe === undefined || other.recipe === undefined || !isRecord(axes) ? undefined : Object.keys(axes),
    recipe: other.recipe === undefined ? undefined : recipe,
    references: commonPart(references, other.references),
    generation: isRecord(generation) ? { ...generation, attempts: undefined } : generation,
    fetched: commonPart(commitsOf(fetched), commitsOf(other.fetched)),
  };
}

function commonPart(value: unknown, other: unknown): unknown {
  if (!isRecord(value) || !isRecord(other)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(other, key)));
}

/** Commits by the name of their repository. */
function commitsOf(fetched: unknown): Record<string, unknown> {
  if (!Array.isArray(fetched)) return {};
  return Object.fromEntries(fetched.map((model: unknown) => String(model).split("@", 2)));
}

function changedBenchmark({ benchmarks }: Manifest, wanted: PlannedBenchmark): string[] {
  const stored = benchmarks.find(({ name }) => name === wanted.name);
  if (stored === undefined) return [];
  return differencesOf(frozenBenchmark(stored, wanted), frozenBenchmark(wanted, stored), `benchmarks.${wanted.name}`);
}

/** What of a benchmark must not change; older stores do not know the digest of its template. */
function frozenBenchmark(
  { version, data_sha256, prompt, prompt_sha256 }: PlannedBenchmark,
  other: PlannedBenchmark,
): unknown {
  return {
    version,
    data_sha256,
    prompt,
    prompt_sha256: other.prompt_sha256 === undefined && other.prompt === prompt ? undefined : prompt_sha256,
  };
}

function unionOfPoints(stored: Manifest, wanted: Manifest): PlannedPoint[] {
  const known = new Set(stored.points.map(({ name }) => name));
  const all = [...stored.points, ...wanted.points.filter(({ name }) => !known.has(name))];
  const places = new Map(all.map((point, index) => [point, index]));
  return all.toSorted((a, b) => compareAxes(a, b) || (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** Along the axes, where their values are numbers; references last. */
function compareAxes(a: PlannedPoint, b: PlannedPoint): number {
  if (a.kind !== b.kind) return a.kind === "point" ? -1 : 1;
  for (const axis of Object.keys(a.axes)) {
    const difference = Number(a.axes[axis]) - Number(b.axes[axis]);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

function unionOfBenchmarks(stored: Manifest, wanted: Manifest): PlannedBenchmark[] {
  const names = [...new Set([...stored.benchmarks, ...wanted.benchmarks].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [a, b] = [stored, wanted].map((one) => one.benchmarks.find((benchmark) => benchmark.name === name));
    if (a === undefined || b === undefined) return [a ?? b].filter((one) => one !== undefined);
    const attempts = Math.max(a.attempts, b.attempts);
    if (a.ids === undefined || b.ids === undefined) {
      const { ids: _ids, of: _of, ...whole } = a.ids === undefined ? a : b;
      return [{ ...whole, attempts }];
    }
    const ids = [...new Set([...a.ids, ...b.ids])];
    return [{ ...a, ids, samples: ids.length, attempts, ...(b.of === undefined ? {} : { of: b.of }) }];
  });
}

/** `generation.seed: 0 in the store, 1 now`, for every leaf that differs. */
export function differencesOf(stored: unknown, wanted: unknown, path = ""): string[] {
  if (JSON.stringify(stored) === JSON.stringify(wanted)) return [];
  if (isRecord(stored) && isRecord(wanted)) {
    const keys = [...new Set([...Object.keys(stored), ...Object.keys(wanted)])];
    return keys.flatMap((key) => differencesOf(stored[key], wanted[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(stored) && Array.isArray(wanted) && stored.length === wanted.length) {
    const items: [unknown, unknown][] = stored.map((item: unknown, index) => [item, wanted[index]]);
    if (items.every((pair) => pair.every(isRecord))) {
      return items.flatMap(([before, now], index) => differencesOf(before, now, `${path}.${nameOf(before) ?? index}`));
    }
  }
  return [`${path}: ${show(stored)} in the store, ${show(wanted)} now`];
}

/** What an item of a list calls itself, if all that differs is not its name. */
function nameOf(item: unknown): string | undefined {
  return isRecord(item) && typeof item.name === "string" ? item.name : undefined;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 120);
}

import type { SweepPlan } from "../sweep/plan/plan.ts";
import type { Ask } from "./race-plan.ts";
import type { SearchPlan } from "./search-plan.ts";

/** Points that are asked the same, together. */
export interface AskedTogether {
  readonly points: ReadonlySet<string>;
  /** Ids by benchmark. */
  readonly questions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a race asks, by the names of points and questions. */
export function groupAsks({ units, questions }: SearchPlan, plan: SweepPlan, asks: readonly Ask[]): AskedTogether[] {
  const perPoint = new Map<string, Map<string, Set<string>>>();
  for (const ask of asks) {
    const point = units[ask.point]?.point.name ?? "";
    const own = perPoint.get(point) ?? new Map<string, Set<string>>();
    const benchmark = plan.benchmarks[ask.benchmark]?.name ?? "";
    const ids = own.get(benchmark) ?? new Set<string>();
    for (const question of ask.questions) ids.add(questions[ask.benchmark]?.[question] ?? "");
    perPoint.set(point, own.set(benchmark, ids));
  }
  const groups = new Map<string, { points: Set<string>; questions: AskedTogether["questions"] }>();
  for (const [point, own] of perPoint) {
    const key = JSON.stringify(Array.from(own, ([benchmark, ids]) => [benchmark, [...ids]]));
    const group = groups.get(key) ?? { points: new Set<string>(), questions: own };
    group.points.add(point);
    groups.set(key, group);
  }
  return [...groups.values()];
}

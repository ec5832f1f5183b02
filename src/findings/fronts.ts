import { bootstrapFront } from "../stats/choice/front-bootstrap.ts";
import { sharedQuestions } from "../stats/family.ts";
import type { Interval } from "../stats/interval.ts";
import { type Evidence, isMeasured, type RateId } from "./evidence.ts";
import { keptMeasures, type Objective } from "./objective.ts";

/** What cannot be had for less on one benchmark: points and references over the rates that the objective names, and tokens. */
export interface Front {
  readonly benchmark: string;
  readonly rates: readonly RateId[];
  /** Names of the points that no other beats in all of these. */
  readonly points: readonly string[];
  /** For each point: how often it is on the front when other questions are drawn. */
  readonly probability: Readonly<Record<string, number>>;
  /**
   * Share of the ideal (all right, in no tokens) that the front of the first rate dominates, from no right answers and
   * max_tokens: a number that compares sweeps with the same cap. Null where the cap is not known.
   */
  readonly hypervolume: number | null;
  readonly interval: Interval | null;
}

/** The fronts, one a benchmark that has lengths; on the questions that every point answered. */
export function fronts(evidence: readonly Evidence[], objective: Objective, maxTokens: number | null): Front[] {
  return evidence.flatMap((one): Front[] => {
    const places = one.points.map((_, place) => place);
    const has = (measure: RateId | "tokens"): boolean => places.every((place) => isMeasured(one, measure, place));
    const named: readonly RateId[] =
      "maximise" in objective ? [objective.maximise] : keptMeasures(objective).map(({ measure }) => measure);
    const rates = named.filter(has);
    if (!has("tokens") || rates.length === 0 || places.length < 2) return [];
    const { asked, weights } = sharedQuestions(one.columns.tokens);
    const pick = (column: Float64Array | undefined, scale: number): Float64Array =>
      Float64Array.from(asked, (q) => (column?.[q] ?? 0) * scale);
    const result = bootstrapFront(
      rates.map((rate) => places.map((place) => pick(one.columns[rate].columns[place], 1))),
      places.map((place) => pick(one.columns.tokens.columns[place], 1 / (maxTokens ?? 1))),
      { gain: 0, cost: 1 },
      { weights },
    );
    const names = one.points.map(({ point }) => point.name);
    return [
      {
        benchmark: one.benchmark,
        rates,
        points: names.filter((_, i) => result.onFront[i]),
        probability: Object.fromEntries(names.map((name, i) => [name, result.probability[i] ?? 0])),
        hypervolume: maxTokens === null ? null : result.hypervolume,
        interval: maxTokens === null ? null : result.hypervolumeInterval,
      },
    ];
  });
}

import { isRecord } from "../base/is-record.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { macroAverage } from "../stats/averages.ts";
import { weightsOfValues } from "../stats/family.ts";
import type { Interval } from "../stats/interval.ts";
import { rateInterval, runsInterval } from "../stats/rate.ts";
import { rateBand } from "../stats/rate-band.ts";
import { weightedMean } from "../stats/weights.ts";
import { axisLevels } from "./axis-levels.ts";
import { type Claim, type Family, type Judged, judgeFamily } from "./claims.ts";
import { baselinePairs, type Comparison, comparisonsOf } from "./compare-points.ts";
import { askedOf } from "./contrasts.ts";
import { bestRegion } from "./decision/best-region.ts";
import { type Contenders, gatherContenders } from "./decision/contenders.ts";
import { type Decision, decide, type Price, priceList } from "./decision/decision.ts";
import { wordDecision } from "./decision/decision-text.ts";
import { decidingSearch } from "./decision/raced.ts";
import { chordBand, describeBenchmark, type Sentence, sentenceOf } from "./describe-benchmark.ts";
import { describeTogether } from "./describe-together.ts";
import { type Evidence, gatherEvidence, haveOneUnit, isMeasured, measureOf, type RateId } from "./evidence.ts";
import { describeFront } from "./front-text.ts";
import { type Front, fronts } from "./fronts.ts";
import { MEASURES, writeEffect, writeP } from "./measures.ts";
import { runNotes } from "./notes.ts";
import { type ChosenObjective, chooseObjective, objectiveSchema } from "./objective.ts";
import { type SummaryRow, summarize } from "./summarize.ts";

/** Simultaneous 95% bands of the rates along a sweep: all of them hold together. */
export type Bands = Readonly<Record<RateId, Interval | null>>;

/** A rate of a point over all benchmarks. */
export interface AverageRow {
  readonly point: string;
  readonly measure: RateId;
  /** Each benchmark counts the same. */
  readonly macro: { readonly value: number; readonly interval: Interval };
  /** Each question counts the same; not known of whole runs. */
  readonly micro: { readonly value: number | null; readonly interval: Interval | null };
}

/** All that can be said of a run: what every page, table and picture of a report is made from. */
export interface Judgement {
  readonly rows: readonly SummaryRow[];
  /** By benchmark, then by point. */
  readonly bands: ReadonlyMap<string, ReadonlyMap<string, Bands>>;
  readonly prices: readonly Price[];
  readonly comparisons: readonly Comparison[];
  readonly fronts: readonly Front[];
  readonly averages: readonly AverageRow[];
  readonly claims: readonly Claim[];
  /** One, or one a benchmark where the objective says so; none where there is nothing to choose. */
  readonly decisions: readonly Decision[];
  /** The smallest |z| that is significant at the first step of the report's family. */
  readonly criticalZ: number;
}

/** Judges a run from its scores alone. The same scores give the same judgement, byte for byte. */
export function judge(run: StoredRun): Judgement {
  const { axes } = run.manifest;
  const evidence = gatherEvidence(run);
  const rows = summarize(run);
  const family = judgeFamily(evidence, (one) => askedOf(one, axes));
  const chosen = chooseObjective(statedObjective(run), evidence);
  const found = fronts(evidence, chosen.objective, run.manifest.max_tokens);
  const names = run.manifest.points.map(({ name }) => name);
  const contenders = evidence.map((one) => gatherContenders([one]));
  return {
    rows,
    bands: new Map(evidence.map((one) => [one.benchmark, bandsOf(one, names)])),
    prices: priceList(contenders),
    comparisons: evidence.flatMap((one) =>
      comparisonsOf(one, baselinePairs(one, names, axes.length), family.judged, family.criticalZ),
    ),
    fronts: found,
    averages: evidence.length > 1 && haveOneUnit(evidence) ? averagesOf(evidence, names) : [],
    claims: nameClaims([
      ...sentences(run, evidence, family, rows, found, contenders).map((sentence) => ({
        ...sentence,
        shown: true,
      })),
      ...family.judged.map((claim) => ({ ...plainClaim(claim, family.judged), shown: false })),
    ]),
    decisions: decisions(run, contenders, chosen),
    criticalZ: family.criticalZ,
  };
}

function statedObjective(run: StoredRun): ReturnType<typeof objectiveSchema.parse> | undefined {
  const parsed = objectiveSchema.safeParse(run.manifest.objective);
  return parsed.success ? parsed.data : undefined;
}

/** Whether attempts cannot differ. */
function isGreedy({ manifest }: StoredRun): boolean {
  const { generation } = manifest.plan;
  return isRecord(generation) && generation.temperature === 0;
}

function decisions(run: StoredRun, contenders: readonly Contenders[], chosen: ChosenObjective): Decision[] {
  const { axes, points } = run.manifest;
  const [axis] = axes;
  const values = points.flatMap((point) => (axis === undefined ? [] : [Number(point.axes[axis] ?? "none")]));
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const positions =
    axes.length === 1 && high > low
      ? new Map(points.map(({ name, axes: own }) => [name, (Number(own[axis ?? ""] ?? "none") - low) / (high - low)]))
      : undefined;
  const seed = contenders
    .flatMap(({ benchmarks }) => benchmarks.map(({ benchmark, dataSha256 }) => `${benchmark} ${dataSha256}`))
    .join(" ");
  return decide(contenders, chosen, { greedy: isGreedy(run), positions, seed, search: decidingSearch(run) }).map(
    wordDecision,
  );
}

function sentences(
  run: StoredRun,
  evidence: readonly Evidence[],
  { judged, criticalZ }: Family,
  rows: readonly SummaryRow[],
  found: readonly Front[],
  contenders: readonly Contenders[],
): Sentence[] {
  const notes = runNotes(run, rows).map((text): Sentence => ({ ...emptySentence, kind: "note", benchmark: "", text }));
  return [
    ...describeTogether(evidence, judged, criticalZ),
    ...evidence.flatMap((one) => [
      ...describeBenchmark(
        one,
        judged,
        axisLevels(
          run.manifest.axes,
          one.points.map(({ point }) => point).filter(({ kind }) => kind === "point"),
        ),
        rows.filter(({ benchmark }) => benchmark === one.benchmark),
        isGreedy(run),
      ),
      ...describeFront(
        found.find(({ benchmark }) => benchmark === one.benchmark),
        one,
      ),
      ...(run.manifest.axes.length > 1
        ? contenders.filter(({ benchmarks }) => benchmarks[0] === one).flatMap(bestRegion)
        : []),
    ]),
    ...notes,
  ];
}

const emptySentence = {
  measure: null,
  points: [],
  estimate: null,
  low: null,
  high: null,
  scale: null,
  p: null,
  p_adjusted: null,
  questions: null,
} as const;

/** A claim of the family in words of one pattern. */
function plainClaim(claim: Judged, family: readonly Judged[]): Sentence {
  const about = claim.measure === null ? "" : MEASURES[claim.measure].name;
  const what = {
    difference: `${claim.points[0]} against ${claim.points[1]}`,
    step: `${claim.points[0]} against ${claim.points[1]}`,
    trend: `trend over ${claim.points.at(0)} to ${claim.points.at(-1)}`,
    chord: `${claim.points[0]} against the straight line between ${claim.points[1]} and ${claim.points[2]}`,
    interaction: `how ${claim.points[0]} and ${claim.points[1]} depend on each other`,
    "between benchmarks": `whether the trend over ${claim.points.at(0)} to ${claim.points.at(-1)} differs between benchmarks`,
    shape: "",
    note: "",
  }[claim.kind];
  const effect = writeEffect(claim);
  const sentence = sentenceOf(claim, `${about}, ${what}: ${effect === "" ? "" : `${effect}, `}${writeP(claim)}.`);
  if (claim.kind !== "chord" || claim.tested === null || claim.estimate === null) return sentence;
  const critical = chordBand(family, claim.measure, claim.benchmark);
  const { centre, error } = claim.tested.found.test;
  return critical === undefined
    ? sentence
    : { ...sentence, band_low: centre - critical * error, band_high: centre + critical * error };
}

function nameClaims(sentencesToName: readonly (Sentence & { shown: boolean })[]): Claim[] {
  const counts = new Map<string, number>();
  return sentencesToName.map((sentence) => {
    const parts = [sentence.benchmark, sentence.measure, sentence.kind, ...sentence.points];
    const base = parts.filter((part) => part !== null && part !== "").join("/");
    const count = (counts.get(base) ?? 0) + 1;
    counts.set(base, count);
    return { id: count === 1 ? base : `${base}#${count}`, ...sentence };
  });
}

const RATES: readonly RateId[] = ["accuracy", "accuracy_strict", "format"];

function bandsOf(evidence: Evidence, names: readonly string[]): Map<string, Bands> {
  const places = evidence.points.flatMap(({ point }, place) => (point.kind === "point" ? [place] : []));
  const critical = (rate: RateId): number | undefined => {
    const measured = measureOf(
      evidence,
      rate,
      places.filter((place) => isMeasured(evidence, rate, place)),
    );
    return measured.columns.length < 2
      ? undefined
      : rateBand(measured, `${evidence.benchmark} ${evidence.dataSha256} ${rate}`).critical;
  };
  const criticals = new Map(RATES.map((rate) => [rate, critical(rate)]));
  const bandOf = (rate: RateId, place: number): Interval | null => {
    const z = criticals.get(rate);
    const rates = evidence.columns[rate].columns[place];
    if (evidence.unit === "run" || z === undefined || rates === undefined || !places.includes(place)) return null;
    const weights = weightsOfValues(evidence.columns[rate], rates);
    return rateInterval({ rates, attempts: evidence.attempts[place] ?? 1, weights }, { z });
  };
  return new Map(
    names.flatMap((name) => {
      const place = evidence.place(name);
      return place === undefined
        ? []
        : [
            [
              name,
              {
                accuracy: bandOf("accuracy", place),
                accuracy_strict: bandOf("accuracy_strict", place),
                format: bandOf("format", place),
              },
            ] as const,
          ];
    }),
  );
}

function averagesOf(evidence: readonly Evidence[], names: readonly string[]): AverageRow[] {
  return names.flatMap((point) =>
    RATES.flatMap((measure): AverageRow[] => {
      const parts = evidence.flatMap((one) => {
        const place = one.place(point);
        if (place === undefined || !isMeasured(one, measure, place)) return [];
        const rates = one.columns[measure].columns[place] ?? new Float64Array();
        return [
          {
            rates,
            weights: weightsOfValues(one.columns[measure], rates),
            attempts: one.attempts[place] ?? new Int32Array(),
            runSize: one.unit === "run" ? one.runSize : null,
          },
        ];
      });
      if (parts.length < evidence.length) return [];
      const macro = macroAverage(
        parts.map(({ rates, weights, attempts, runSize }) => ({
          value: weightedMean(rates, weights),
          interval: (runSize !== null ? runsInterval(rates, runSize) : rateInterval({ rates, attempts, weights })) ?? {
            low: 0,
            high: 1,
          },
        })),
      );
      if (evidence[0]?.unit === "run") return [{ point, measure, macro, micro: { value: null, interval: null } }];
      const rates = Float64Array.from(parts.flatMap((part) => Array.from(part.rates)));
      const attempts = Int32Array.from(parts.flatMap((part) => Array.from(part.attempts)));
      const weights = parts.some((part) => part.weights !== undefined)
        ? Float64Array.from(parts.flatMap((part) => Array.from(part.weights ?? part.rates.map(() => 1))))
        : undefined;
      const micro = {
        value: weightedMean(rates, weights),
        interval: rateInterval({ rates, attempts, weights }),
      };
      return [{ point, measure, macro, micro }];
    }),
  );
}

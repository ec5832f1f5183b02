import { differsBetween } from "../stats/averages.ts";
import { averageContrasts } from "../stats/choice/best.ts";
import { type ContrastTest, centreOf, contrastT, normalOfT } from "../stats/contrast.ts";
import { normalQuantile, studentCdf, studentQuantile } from "../stats/distributions.ts";
import { adjustFamily, upperQuantile } from "../stats/family.ts";
import type { Interval } from "../stats/interval.ts";
import { type Asked, type ContrastKind, type Tested, testAsked } from "./contrasts.ts";
import { type Evidence, haveOneUnit, type MeasureId } from "./evidence.ts";

/** What is called a difference: the chance of any false claim in a report is at most this. */
export const SIGNIFICANT = 0.05;

/** A claim about all benchmarks together, or about how they differ. */
export const ALL_BENCHMARKS = "all benchmarks";

/** One thing that a report says, or would say if asked; every sentence of every page is the text of one. */
export interface Claim {
  /** Names the claim in this report: `pocket-math/accuracy/difference/w=1/w=0`. */
  readonly id: string;
  readonly kind: ContrastKind | "between benchmarks" | "shape" | "note";
  readonly measure: MeasureId | null;
  readonly benchmark: string;
  readonly points: readonly string[];
  /**
   * Of a rate: points of 1 (0.05 is five percentage points). Of lengths: a ratio, or tokens for a chord. Null where a claim
   * has no number of its own.
   */
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly scale: Asked["scale"] | null;
  readonly p: number | null;
  /** Over all that the report claims; null where the claim only describes. */
  readonly p_adjusted: number | null;
  /** Questions it rests on; null where it is about no questions. */
  readonly questions: number | null;
  /** Of a chord: the simultaneous band over all chords of its measure. */
  readonly band_low?: number;
  readonly band_high?: number;
  /** Whether pages show it; the others are there to be looked up. */
  readonly shown: boolean;
  readonly text: string;
}

/** A claim before it has words. */
export interface Judged extends Omit<Claim, "text" | "id" | "shown" | "band_low" | "band_high"> {
  readonly tested: Tested | null;
  /** Of the t, for a simultaneous band or the smallest difference that could be found. */
  readonly z: number;
}

/** The family of a report, tested and adjusted together. */
export interface Family {
  readonly judged: readonly Judged[];
  /** The smallest size of z that is significant in this family: what a claim has to reach at its first step. */
  readonly criticalZ: number;
}

/** Tests all that is asserted about all benchmarks, and adjusts the p-values over all of it. */
export function judgeFamily(evidence: readonly Evidence[], askOf: (evidence: Evidence) => readonly Asked[]): Family {
  const tested = evidence.flatMap((one) => askOf(one).map((asked) => testAsked(one, asked)));
  const members: (Member & { judged: Omit<Judged, "p_adjusted"> })[] = [
    ...tested.map((one) => ({ ...one.found, judged: judgedOf(one) })),
    ...(evidence.length > 1 && haveOneUnit(evidence) ? acrossBenchmarks(evidence, tested) : []),
  ];
  const exhaustive = evidence.every(({ flips }) => flips.signs.exhaustive);
  const adjusted = adjustFamily(members, exhaustive);
  return {
    judged: members.map(({ judged }, i) => ({ ...judged, p_adjusted: adjusted[i] ?? null })),
    criticalZ: criticalZ(members),
  };
}

interface Member {
  readonly test: Pick<ContrastTest, "p"> & ContrastTest;
  readonly z: number;
  readonly draws: Float64Array;
}

/** The quantile of the largest |z| of all claims, and no less than one claim alone needs. */
function criticalZ(members: readonly Member[]): number {
  const draws = members[0]?.draws.length ?? 0;
  const largest = new Float64Array(draws);
  for (const { draws: own } of members) {
    for (let draw = 0; draw < draws; draw++) largest[draw] = Math.max(largest[draw] ?? 0, Math.abs(own[draw] ?? 0));
  }
  return Math.max(upperQuantile(largest, 1 - SIGNIFICANT), normalQuantile(1 - SIGNIFICANT / 2));
}

function judgedOf(tested: Tested): Omit<Judged, "p_adjusted"> {
  const { kind, measure, about, scale, evidence, found } = tested;
  const { test } = found;
  const read = scale === "ratio" ? Math.exp : (value: number): number => value;
  return {
    kind,
    measure,
    benchmark: evidence.benchmark,
    points: about,
    estimate: test.questions === 0 ? null : read(test.estimate),
    low: test.interval === null ? null : read(test.interval.low),
    high: test.interval === null ? null : read(test.interval.high),
    scale,
    p: test.p,
    questions: test.questions,
    tested,
    z: found.z,
  };
}

/** Each contrast that every benchmark has: averaged over them, and whether it differs between them. */
function acrossBenchmarks(
  evidence: readonly Evidence[],
  tested: readonly Tested[],
): (Member & { judged: Omit<Judged, "p_adjusted"> })[] {
  const groups = new Map<string, Tested[]>();
  for (const one of tested) {
    if (one.kind !== "difference" && one.kind !== "trend") continue;
    const key = [one.measure, one.kind, one.axis ?? "", ...one.about].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((parts) =>
    parts.length < evidence.length ? [] : [averaged(parts), ...(parts[0]?.kind === "trend" ? [between(parts)] : [])],
  );
}

function averaged(parts: readonly Tested[]): Member & { judged: Omit<Judged, "p_adjusted"> } {
  const [first] = parts;
  if (first === undefined) throw new Error("Expected a contrast of each benchmark, found none");
  const bound = first.contrast.bound;
  const sums = parts.map(({ found }) => found.test);
  const found = averageContrasts(sums, undefined, bound);
  const estimate = sums.reduce((total, { estimate: own }) => total + own, 0) / sums.length;
  const flipped = parts.map((part) => flippedSums(part));
  const draws = Float64Array.from({ length: flipped[0]?.length ?? 0 }, (_, draw) => {
    const one = averageContrasts(
      sums,
      flipped.map((values) => values[draw] ?? 0),
      bound,
    );
    return normalOfT(one.t, Math.max(1, one.degrees));
  });
  if (!Number.isFinite(found.error)) {
    return memberOf(parts, { estimate, interval: null, p: null, z: 0, draws }, first.kind);
  }
  const degrees = Math.max(1, found.degrees);
  const half = studentQuantile(1 - SIGNIFICANT / 2, degrees) * found.error;
  const p = found.error === 0 ? 1 : 2 * studentCdf(-Math.abs(found.t), degrees);
  const most = bound > 0 ? bound : Number.POSITIVE_INFINITY;
  const interval: Interval = {
    low: Math.max(-most, found.centre - half),
    high: Math.min(most, found.centre + half),
  };
  return memberOf(parts, { estimate, interval, p, z: normalOfT(found.t, degrees), draws }, first.kind);
}

function between(parts: readonly Tested[]): Member & { judged: Omit<Judged, "p_adjusted"> } {
  const p = differsBetween(parts.map(({ found: { test } }) => test));
  const flipped = parts.map((part) => flippedSums(part));
  const draws = Float64Array.from({ length: flipped[0]?.length ?? 0 }, (_, draw) => {
    const drawn = parts.map(({ found: { test }, contrast: { bound } }, b) => {
      const sum = flipped[b]?.[draw] ?? 0;
      return {
        centre: centreOf({ ...test, sum }, bound),
        error: contrastT(test, sum, bound).error,
        questions: test.questions,
      };
    });
    return sizeOfP(differsBetween(drawn) ?? 1);
  });
  return memberOf(parts, { estimate: null, interval: null, p, z: sizeOfP(p ?? 1), draws }, "between benchmarks");
}

/** The size of z that has this p. */
function sizeOfP(p: number): number {
  return normalQuantile(1 - Math.max(p, 1e-15) / 2);
}

function flippedSums({ evidence, measure, scale, contrast }: Tested): Float64Array {
  return evidence.flips.flippedSums(scale === "ratio" ? evidence.logTokens : evidence.columns[measure], contrast);
}

function memberOf(
  parts: readonly Tested[],
  {
    estimate,
    interval,
    p,
    z,
    draws,
  }: { estimate: number | null; interval: Interval | null; p: number | null; z: number; draws: Float64Array },
  kind: Judged["kind"],
): Member & { judged: Omit<Judged, "p_adjusted"> } {
  const [first] = parts;
  if (first === undefined) throw new Error("Expected a contrast of each benchmark, found none");
  const { measure, about, scale, found } = first;
  const questions = parts.reduce((total, part) => total + part.found.test.questions, 0);
  const read = scale === "ratio" ? Math.exp : (value: number): number => value;
  return {
    test: { ...found.test, questions, p },
    z,
    draws,
    judged: {
      kind,
      measure,
      benchmark: ALL_BENCHMARKS,
      points: about,
      estimate: estimate === null ? null : read(estimate),
      low: interval && read(interval.low),
      high: interval && read(interval.high),
      scale,
      p,
      questions,
      tested: null,
      z,
    },
  };
}

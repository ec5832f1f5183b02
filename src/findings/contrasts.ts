import { RUN_AXIS } from "../runs/lay-over.ts";
import type { PlannedPoint } from "../runs/schema.ts";
import { NO_BOUND, runBound } from "../stats/contrast.ts";
import type { Contrast, FlippedContrast } from "../stats/family.ts";
import { type AxisLevels, axisLevels } from "./axis-levels.ts";
import { type Evidence, isMeasured, MEASURE_IDS, type MeasureId } from "./evidence.ts";

/** What a contrast asks. */
export type ContrastKind = "difference" | "trend" | "step" | "chord" | "interaction";

/** A question that a report asks of a benchmark and a measure. */
export interface Asked {
  readonly kind: ContrastKind;
  readonly measure: MeasureId;
  readonly axis: string | null;
  /** What the claim is about, first what is compared with the rest: names of points, or labels of levels. */
  readonly about: readonly string[];
  /** `points` (of a rate), `ratio` (of lengths, in logarithms) or `tokens`. */
  readonly scale: "points" | "ratio" | "tokens";
  readonly contrast: Contrast;
}

/** The same, tested. */
export interface Tested extends Asked {
  readonly evidence: Evidence;
  readonly found: FlippedContrast;
}

/** The questions of a comparison of chosen pairs, by their places. */
export function pairsAsked(evidence: Evidence, chosen: readonly (readonly [number, number])[]): Asked[] {
  return MEASURE_IDS.flatMap((measure) =>
    chosen
      .filter((pair) => pair.every((place) => isMeasured(evidence, measure, place)))
      .map(([a, b]) => difference(evidence, measure, a, b)),
  );
}

/** All that a report asserts about one benchmark: the family over which p-values are adjusted. */
export function askedOf(evidence: Evidence, axes: readonly string[]): Asked[] {
  const points = evidence.points.map(({ point }) => point);
  const levels = axisLevels(
    axes,
    points.filter(({ kind }) => kind === "point"),
  );
  return MEASURE_IDS.flatMap((measure) => {
    const usable = new Set(points.flatMap((_, place) => (isMeasured(evidence, measure, place) ? [place] : [])));
    const asked = [
      ...pairs(points, axes.length).map(([a, b]) => difference(evidence, measure, a, b)),
      ...levels.flatMap((one) => axisContrasts(evidence, measure, one)),
      ...(levels.length === 2 ? interaction(evidence, measure, levels) : []),
    ];
    return asked.filter(({ contrast }) => contrast.points.every((place) => usable.has(place)));
  }).filter(isNew());
}

/** Tests what is asked, and under every sign flip. */
export function testAsked(evidence: Evidence, asked: Asked): Tested {
  const columns = asked.scale === "ratio" ? evidence.logTokens : evidence.columns[asked.measure];
  return { ...asked, evidence, found: evidence.flips.flip(columns, asked.contrast) };
}

/** Points against the first point, the last (of one axis) and each reference; a pair once. */
function pairs(points: readonly PlannedPoint[], axes: number): [number, number][] {
  const own = points.flatMap(({ kind }, place) => (kind === "point" ? [place] : []));
  const references = points.flatMap(({ kind }, place) => (kind === "reference" ? [place] : []));
  const ends = axes === 1 ? [own[0], own.at(-1)] : [own[0]];
  const baselines = [...new Set([...ends, ...references])].filter((place) => place !== undefined);
  const chosen = baselines.flatMap((baseline) => points.map((_, place): [number, number] => [place, baseline]));
  const seen = new Set<string>();
  return [...chosen, ...acrossRuns(points)].filter(([place, baseline]) => {
    const key = [place, baseline].toSorted((a, b) => a - b).join(" ");
    if (place === baseline || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function placeOnAxes({ axes }: PlannedPoint): string {
  return JSON.stringify(Object.entries(axes).filter(([axis]) => axis !== RUN_AXIS));
}

/** Points against those of the same weights of the other axes in the first run, where runs are laid over one another. */
export function acrossRuns(points: readonly PlannedPoint[]): [number, number][] {
  const firsts = new Map<string, number>();
  return points.flatMap((point, place): [number, number][] => {
    if (point.axes[RUN_AXIS] === undefined) return [];
    const first = firsts.get(placeOnAxes(point));
    if (first !== undefined) return [[place, first]];
    firsts.set(placeOnAxes(point), place);
    return [];
  });
}

function difference(evidence: Evidence, measure: MeasureId, a: number, b: number): Asked {
  return {
    kind: "difference",
    measure,
    axis: null,
    about: [a, b].map((place) => evidence.points[place]?.point.name ?? ""),
    scale: measure === "tokens" ? "ratio" : "points",
    contrast: contrastOf([a, b], [1, -1], boundOf(evidence, measure)),
  };
}

function axisContrasts(evidence: Evidence, measure: MeasureId, { axis, levels }: AxisLevels): Asked[] {
  const asked: Asked[] = [];
  const ask = (kind: ContrastKind, scale: Asked["scale"], weights: ReadonlyMap<number, number>): void => {
    const about = [...weights.keys()].map((level) => levels[level]?.label ?? "");
    const spread = spreadOver(evidence, levels, weights);
    if (spread !== undefined) {
      asked.push({
        kind,
        measure,
        axis,
        about,
        scale,
        contrast: contrastOf(...spread, boundOf(evidence, measure)),
      });
    }
  };
  const scale = measure === "tokens" ? "ratio" : "points";
  const last = levels.length - 1;
  if (last < 1) return [];
  for (let i = 1; i <= last; i++)
    ask(
      "difference",
      scale,
      new Map([
        [i, 1],
        [0, -1],
      ]),
    );
  for (let i = 1; i < last; i++)
    ask(
      "difference",
      scale,
      new Map([
        [i, 1],
        [last, -1],
      ]),
    );
  for (const reach of [1, 2]) {
    for (let i = 0; i + reach <= last; i++)
      ask(
        "step",
        scale,
        new Map([
          [i + reach, 1],
          [i, -1],
        ]),
      );
  }
  if (last < 2) return asked;
  ask("trend", scale, trendWeights(levels.map(({ value }) => value)));
  const span = (levels[last]?.value ?? 0) - (levels[0]?.value ?? 0);
  for (let i = 1; i < last; i++) {
    const t = ((levels[i]?.value ?? 0) - (levels[0]?.value ?? 0)) / span;
    ask(
      "chord",
      measure === "tokens" ? "tokens" : "points",
      new Map([
        [i, 1],
        [0, t - 1],
        [last, -t],
      ]),
    );
  }
  return asked;
}

/** Centred values over half the sum of their sizes: the upper part of the axis less the lower one. */
function trendWeights(values: readonly number[]): Map<number, number> {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const half = values.reduce((total, value) => total + Math.abs(value - mean), 0) / 2;
  return new Map(values.map((value, i) => [i, (value - mean) / half]));
}

/** A contrast of levels as one of points: each line counts the same. */
function spreadOver(
  evidence: Evidence,
  levels: AxisLevels["levels"],
  weights: ReadonlyMap<number, number>,
): [points: number[], coefficients: number[]] | undefined {
  const byPlace = new Map<number, number>();
  for (const [level, weight] of weights) {
    const names = levels[level]?.points ?? [];
    for (const name of names) {
      const place = evidence.place(name);
      if (place === undefined) return undefined;
      byPlace.set(place, (byPlace.get(place) ?? 0) + weight / names.length);
    }
  }
  const used = [...byPlace].filter(([, coefficient]) => Math.abs(coefficient) > 1e-12);
  return used.length === 0 ? undefined : [used.map(([place]) => place), used.map(([, coefficient]) => coefficient)];
}

/** Whether the trend along one axis depends on the other: the product of the two trends, on the points that both use. */
function interaction(evidence: Evidence, measure: MeasureId, [first, second]: readonly AxisLevels[]): Asked[] {
  if (first === undefined || second === undefined || first.levels.length < 2 || second.levels.length < 2) return [];
  if (first.incomplete.length > 0 || second.incomplete.length > 0) return [];
  const [a, b] = [first, second].map(({ levels }) => trendWeights(levels.map(({ value }) => value)));
  const byPlace = new Map<number, number>();
  for (const [i, level] of first.levels.entries()) {
    for (const [k, other] of second.levels.entries()) {
      const name = level.points.find((point) => other.points.includes(point));
      const place = name === undefined ? undefined : evidence.place(name);
      if (place === undefined) return [];
      byPlace.set(place, (byPlace.get(place) ?? 0) + (a?.get(i) ?? 0) * (b?.get(k) ?? 0));
    }
  }
  const places = [...byPlace.keys()];
  const half = [...byPlace.values()].reduce((total, value) => total + Math.abs(value), 0) / 2;
  const coefficients = [...byPlace.values()].map((value) => value / half);
  return [
    {
      kind: "interaction",
      measure,
      axis: `${first.axis},${second.axis}`,
      about: [first.axis, second.axis],
      scale: measure === "tokens" ? "ratio" : "points",
      contrast: contrastOf(places, coefficients, boundOf(evidence, measure)),
    },
  ];
}

/** Undefined for a rate, whose bound depends on the contrast. */
function boundOf({ unit, runSize }: Evidence, measure: MeasureId): number | undefined {
  if (measure === "tokens") return NO_BOUND;
  return unit === "run" ? runBound(runSize) : undefined;
}

function contrastOf(points: readonly number[], coefficients: readonly number[], bound: number | undefined): Contrast {
  const up = coefficients.reduce((total, value) => total + Math.max(0, value), 0);
  const down = coefficients.reduce((total, value) => total + Math.max(0, -value), 0);
  return { points, coefficients, bound: bound ?? Math.max(up, down) };
}

/** What is asked in other words already is asked once: a step between two ends is their difference. */
function isNew(): (asked: Asked) => boolean {
  const seen = new Set<string>();
  return ({ kind, measure, scale, contrast }) => {
    // Of three points it is the difference of the ends, and has its p; but an axis has its trend.
    if (kind === "trend") return true;
    const parts = contrast.points.map((place, i) => `${place}:${(contrast.coefficients[i] ?? 0).toFixed(9)}`);
    const turned = contrast.points.map((place, i) => `${place}:${(-(contrast.coefficients[i] ?? 0)).toFixed(9)}`);
    const keys = [parts, turned].map(
      (list) => `${measure} ${scale} ${list.toSorted((a, b) => (a < b ? -1 : 1)).join(" ")}`,
    );
    if (keys.some((key) => seen.has(key))) return false;
    for (const key of keys) seen.add(key);
    return true;
  };
}

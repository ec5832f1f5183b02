import { type Predicted, predictMeans } from "../stats/choice/predict-means.ts";
import { studentCdf } from "../stats/distributions.ts";
import type { AnswerSheets } from "./answer-sheet.ts";
import { covarianceOf, type Standing } from "./foresee.ts";
import { coarseGrid } from "./refine.ts";

/** The points of a grid over several axes. */
export type Places = readonly (readonly number[])[];

/** Points that join at once, at the most. */
const AT_ONCE = 2;
/** A point is worth asking that matters with so large a chance. */
const LIKELY = 0.1;
/** Degrees of freedom with which Student's distribution is the normal one. */
const MANY_DEGREES = 1e6;
/** Costs have no noise to speak of. */
const EXACT = 1e-8;
/** The spread that costs are given, as that of rates is thought to be. */
const COST_SPREAD = 0.03;

/**
 * The points that a race over several axes begins with: those that lie on a coarse grid of every axis.
 *
 * @returns all points where there are too few on it to say anything between them
 */
export function coarsePlaces(places: Places, halvings: number): number[] {
  const axes = places[0]?.length ?? 0;
  const kept = Array.from({ length: axes }, (_, axis) => {
    const levels = [...new Set(places.map((place) => place[axis] ?? 0))].toSorted((a, b) => a - b);
    return new Set(coarseGrid(levels.length, halvings).map((level) => levels[level] ?? 0));
  });
  const found = places.flatMap((place, point) => (place.every((value, axis) => kept[axis]?.has(value)) ? [point] : []));
  return found.length < 2 ** axes ? places.map((_, point) => point) : found;
}

/** What a race knows when it looks for points to ask. */
export interface Known {
  readonly places: Places;
  readonly sheets: AnswerSheets;
  readonly standings: readonly Standing[];
  /** Points that were asked. */
  readonly asked: readonly number[];
  /** The candidate that is preferred so far. */
  readonly preferred: number;
  readonly cheapest: boolean;
  /** Questions up to here. */
  readonly front: number;
}

/**
 * Points of a grid over several axes that a surrogate of what was seen so far, a Gaussian process for each measure and one for
 * the cost, holds to be likely ones that matter: against which the preferred one would lose more than it may; and cheaper ones
 * that would lose no more than they may.
 */
export function proposePoints(known: Known): number[] {
  const { places, asked, sheets, preferred, cheapest } = known;
  const open = places.map((_, point) => point).filter((point) => !asked.includes(point));
  if (open.length === 0) return [];
  const measures = known.standings.map(({ margin }, measure) => ({
    margin,
    predicted: predictMeasure(known, measure, open),
    own: sheets.mean(preferred, measure),
    highest: Math.max(...asked.map((point) => sheets.mean(point, measure))),
  }));
  const better = open.map((point, i) => ({
    point,
    chance: Math.max(...measures.map(({ margin, own, predicted }) => exceeds(own + margin, predicted[i] ?? unseen))),
    gain: 1,
  }));
  if (!cheapest) return likeliest(better, AT_ONCE);
  const costs = predictCosts(known, open);
  const cost = sheets.cost(preferred);
  const cheaper = open.map((point, i) => ({
    point,
    chance: measures.reduce(
      (product, { margin, highest, predicted }) => product * exceeds(highest - margin, predicted[i] ?? unseen),
      1,
    ),
    gain: 1 - (costs[i] ?? cost) / cost,
  }));
  return [...new Set([...likeliest(better, 1), ...likeliest(cheaper, 1)])];
}

/** Of a point that nothing is known of. */
const unseen: Predicted = { mean: 0, sd: 1 };

/** The chance that a mean lies above a bar. */
function exceeds(bar: number, { mean, sd }: Predicted): number {
  return studentCdf((mean - bar) / Math.max(sd, EXACT), MANY_DEGREES);
}

/** Those that are likely enough, by what may be gained. */
function likeliest(
  points: readonly { readonly point: number; readonly chance: number; readonly gain: number }[],
  most: number,
): number[] {
  return points
    .filter(({ chance, gain }) => chance >= LIKELY && gain > 0)
    .toSorted((a, b) => b.chance * b.gain - a.chance * a.gain || a.point - b.point)
    .slice(0, most)
    .map(({ point }) => point);
}

/** Points that are still asked have the noise of their pairs; those that are out, that of the questions that they were asked. */
function predictMeasure(
  { places, asked, sheets, front, standings }: Known,
  measure: number,
  open: readonly number[],
): Predicted[] {
  const standing = standings[measure];
  if (standing === undefined) return [];
  const paired = covarianceOf(standing, front);
  const means = asked.map((point) => sheets.mean(point, measure));
  const covariance = asked.map((a, i) => {
    const place = standing.points.indexOf(a);
    return Float64Array.from(asked, (b, j) => {
      const other = standing.points.indexOf(b);
      if (place >= 0 && other >= 0) return (paired[place]?.[other] ?? 0) / front;
      const mean = means[i] ?? 0;
      return i === j ? (mean * (1 - mean) + 1) / Math.max(1, sheets.asked(a)) : 0;
    });
  });
  return predictMeans(
    { places: asked.map((point) => places[point] ?? []), means, covariance },
    open.map((point) => places[point] ?? []),
  );
}

function predictCosts({ places, asked, sheets }: Known, open: readonly number[]): number[] {
  const costs = asked.map((point) => sheets.cost(point));
  const level = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  const spread = Math.sqrt(costs.reduce((sum, cost) => sum + (cost - level) * (cost - level), 0) / costs.length);
  if (spread === 0) return open.map(() => level);
  const scale = COST_SPREAD / spread;
  const predicted = predictMeans(
    {
      places: asked.map((point) => places[point] ?? []),
      means: costs.map((cost) => (cost - level) * scale),
      covariance: asked.map((_, i) => Float64Array.from(asked, (__, j) => (i === j ? EXACT : 0))),
    },
    open.map((point) => places[point] ?? []),
  );
  return predicted.map(({ mean }) => level + mean / scale);
}

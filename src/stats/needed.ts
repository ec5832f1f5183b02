import { deriveSeed, seededRandom } from "../base/random.ts";
import { type MeasureColumns, sharedQuestions } from "./family.ts";
import { cholesky, type Matrix } from "./matrix.ts";
import { normalDraws } from "./normal-draws.ts";
import { relativeWeights } from "./weights.ts";

/** 80% power, of a normal. */
const POWER = 0.84;

/** A pair of points that a decision hangs on. */
export interface OpenPair {
  /** Mean of the point less that of the other. */
  readonly difference: number;
  /** What may be lost. */
  readonly margin: number;
  /** Variance of the pair's difference between questions, without the attempts; and within them, for one attempt. */
  readonly between: number;
  readonly within: number;
  /** Of the decision. */
  readonly critical: number;
}

/**
 * The questions that a decision about a pair takes with so many attempts each.
 *
 * @returns null where the point loses the margin or more: no number helps
 */
export function questionsForPair(
  { difference, margin, between, within, critical }: OpenPair,
  attempts: number,
): number | null {
  const room = difference + margin;
  return room <= 0 ? null : (between + within / attempts) * ((critical + POWER) / room) ** 2;
}

/** Whether more attempts at the same questions can decide at all. */
export function attemptsForPair(pair: OpenPair, questions: number): number | null {
  const { difference, margin, between, within, critical } = pair;
  const room = difference + margin;
  if (room <= 0) return null;
  const left = questions / ((critical + POWER) / room) ** 2 - between;
  return left <= 0 ? null : within / left;
}

/** A measure that a decision looks at, as it is thought to be. */
export interface AssumedMeasure {
  /** The points' means, shrunk. */
  readonly means: readonly number[];
  /** Of one question's values at the points. */
  readonly covariance: Matrix;
  readonly margin: number;
  readonly critical: number;
  /** The points that count. */
  readonly against: readonly number[];
}

const REPETITIONS = 400;
const DECIDED = 0.8;
/** Multiples of today's questions that are tried. */
const GRID = [1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 1000];

/**
 * About how many questions would decide: the decision is repeated at the shrunk means with normal draws, and the first number
 * on a grid is taken at which four of five repetitions find a safe point.
 *
 * @returns null if none does up to a thousand times as many
 */
export function questionsToDecide(measures: readonly AssumedMeasure[], questions: number, seed: string): number | null {
  for (const factor of GRID) {
    if (shareDecided(measures, questions * factor, seed) >= DECIDED) return Math.round(questions * factor);
  }
  return null;
}

/** How often a safe point is found with so many questions. */
function shareDecided(measures: readonly AssumedMeasure[], questions: number, seed: string): number {
  const normal = normalDraws(seededRandom(deriveSeed("questions to decide", seed)));
  const prepared = measures.map((measure) => ({
    ...measure,
    factor: cholesky(measure.covariance),
    errors: pairErrors(measure.covariance, questions),
  }));
  let decided = 0;
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const safe = (measures[0]?.means ?? []).map(() => true);
    for (const { means, factor, errors, margin, critical, against } of prepared) {
      const z = means.map(() => normal());
      const drawn = means.map((mean, i) => {
        let noise = 0;
        for (let k = 0; k <= i; k++) noise += (factor[i]?.[k] ?? 0) * (z[k] ?? 0);
        return mean + noise / Math.sqrt(questions);
      });
      for (let i = 0; i < drawn.length; i++) {
        const holds = against.every(
          (j) => j === i || (drawn[i] ?? 0) - (drawn[j] ?? 0) + margin >= critical * (errors[i]?.[j] ?? 0),
        );
        if (!holds) safe[i] = false;
      }
    }
    if (safe.includes(true)) decided++;
  }
  return decided / REPETITIONS;
}

/** With the two pseudo-questions that the decision will have then, too: points that never differed are not known to be equal. */
function pairErrors(covariance: Matrix, questions: number): Float64Array[] {
  return covariance.map((row, i) =>
    row.map((value, j) => {
      const variance = Math.max(0, (row[i] ?? 0) + (covariance[j]?.[j] ?? 0) - 2 * value);
      return i === j ? 0 : Math.sqrt((variance * questions + 2) / (questions + 1) / (questions + 2));
    }),
  );
}

/** The covariance of the points' values, for one question, over the questions that all were asked. */
export function questionCovariance(measure: MeasureColumns): Float64Array[] {
  const { columns } = measure;
  const { asked, weights } = sharedQuestions(measure);
  const share = relativeWeights(asked.length, weights);
  const centred = columns.map((column) => {
    const mean = asked.reduce((sum, q, i) => sum + share(i) * (column[q] ?? 0), 0) / Math.max(1, asked.length);
    return Float64Array.from(asked, (q, i) => share(i) * ((column[q] ?? 0) - mean));
  });
  const rows = columns.map(() => new Float64Array(columns.length));
  centred.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = centred[j] ?? a;
      let total = 0;
      for (let q = 0; q < a.length; q++) total += (a[q] ?? 0) * (b[q] ?? 0);
      const value = total / Math.max(1, asked.length - 1);
      rows[i]?.fill(value, j, j + 1);
      rows[j]?.fill(value, i, i + 1);
    }
  });
  return rows;
}

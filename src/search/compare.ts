import { averageContrasts, flippedT } from "../stats/choice/best.ts";
import { contrastSums, RATE_BOUND } from "../stats/contrast.ts";
import { drawSigns, flippedSums, type SignFlips } from "../stats/sign-flips.ts";
import type { AnswerSheets } from "./answer-sheet.ts";
import type { RacePlan } from "./race-plan.ts";

/** One point less another in one measure, on the questions that both were asked. */
export interface PairTest {
  readonly first: number;
  readonly second: number;
  /** Mean over benchmarks, with the pseudo-questions. */
  readonly difference: number;
  readonly error: number;
  readonly degrees: number;
  /** The statistic under each sign flip. */
  readonly draws: Float64Array;
}

/** The sums of a pair under every draw, with the weights of its questions, up to one of them. */
interface FlippedSoFar {
  readonly sums: Float64Array;
  readonly to: number;
  /** How many these are that both were asked. */
  readonly questions: number;
}

/** 399 draws gave twice the error; 1,499 are enough. */
const DRAWS = 1999;

/** Compares points of a race pair by pair. The signs of a question are the same for all points, measures and looks. */
export class PairTests {
  readonly draws = DRAWS;
  readonly #sheets: AnswerSheets;
  readonly #flips: readonly SignFlips[];
  /** By pair, measure and benchmark. */
  readonly #flipped = new Map<string, FlippedSoFar>();

  constructor({ benchmarks, seed }: RacePlan, sheets: AnswerSheets) {
    this.#sheets = sheets;
    this.#flips = benchmarks.map(({ name, questions }) => drawSigns(`race ${seed} ${name}`, questions, DRAWS, false));
  }

  /** All pairs of some points in one measure. */
  all(points: readonly number[], measure: number): PairTest[] {
    return points.flatMap((first, i) => points.slice(i + 1).map((second) => this.#test(first, second, measure)));
  }

  #test(first: number, second: number, measure: number): PairTest {
    const parts = this.#flips.map((flips, benchmark) => {
      const { values, weights } = this.#values(first, second, benchmark, measure);
      const sums = contrastSums(values, RATE_BOUND, weights);
      const soFar = this.#soFar(`${first} ${second} ${measure} ${benchmark}`, values);
      const weighted = weights === undefined ? values : values.map((value, q) => value * (weights[q] ?? 1));
      flippedSums(flips, weighted, soFar.sums, soFar.to);
      this.#flipped.set(`${first} ${second} ${measure} ${benchmark}`, {
        ...soFar,
        to: values.length,
        questions: sums.questions,
      });
      const total = weights === undefined ? sums.questions : totalOf(values, weights);
      const flipped = soFar.sums.map((sum) => (sum * sums.questions) / total);
      return { sums, flipped };
    });
    const sums = parts.map((part) => part.sums);
    const { centre, error, degrees } = averageContrasts(sums, undefined, RATE_BOUND);
    return { first, second, difference: centre, error, degrees, draws: flippedT(parts, DRAWS, RATE_BOUND) };
  }

  /** What an earlier look has summed, where a pair was asked nothing more of the questions that it saw. */
  #soFar(key: string, values: Float64Array): FlippedSoFar {
    const known = this.#flipped.get(key);
    const before =
      known === undefined ? 0 : values.subarray(0, known.to).filter((value) => !Number.isNaN(value)).length;
    return known !== undefined && before === known.questions
      ? known
      : { sums: new Float64Array(DRAWS), to: 0, questions: 0 };
  }

  /** Differences up to the last question that was asked; no weights where all questions stand for themselves. */
  #values(
    first: number,
    second: number,
    benchmark: number,
    measure: number,
  ): { values: Float64Array; weights: Float64Array | undefined } {
    const [a, b] = [this.#sheets.rates(first, benchmark, measure), this.#sheets.rates(second, benchmark, measure)];
    const [wa, wb] = [this.#sheets.weights(first, benchmark), this.#sheets.weights(second, benchmark)];
    const asked = wa.findLastIndex((weight, q) => !Number.isNaN(weight + (wb[q] ?? Number.NaN))) + 1;
    const values = new Float64Array(asked);
    const weights = new Float64Array(asked);
    let plain = true;
    for (let q = 0; q < asked; q++) {
      values[q] = (a[q] ?? Number.NaN) - (b[q] ?? Number.NaN);
      // A question that one point was asked as one of a sample stands for the others in every comparison of that point.
      weights[q] = Math.max(wa[q] ?? Number.NaN, wb[q] ?? Number.NaN);
      if ((weights[q] ?? 1) > 1) plain = false;
    }
    return { values, weights: plain ? undefined : weights };
  }
}

function totalOf(values: Float64Array, weights: Float64Array): number {
  return values.reduce((sum, value, q) => sum + (Number.isNaN(value) ? 0 : (weights[q] ?? 1)), 0);
}

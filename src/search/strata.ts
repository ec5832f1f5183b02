import type { AnswerSheets, WeightedAsk } from "./answer-sheet.ts";
import type { RacePlan } from "./race-plan.ts";

/** Questions of one benchmark that are asked together, from one place up to another. */
export interface Block {
  readonly benchmark: number;
  readonly from: number;
  readonly to: number;
}

/** How two points answered a question: one of them better, both right, both wrong. */
const STRATA = 3;
/** Rates over several attempts are alike if they differ by less. */
const ALIKE = 0.25;
/** At least so large a part of every stratum is asked. */
const LEAST = 0.25;

/**
 * Which questions of a block are asked of points between two others that answered all of it. Where those two agree, the points
 * between them hardly ever differ: a sample is enough, in which each question stands for several (Neyman's allocation, Cochran
 * 1977). A question has one design for all points and for good: a point was asked the whole block or its sample.
 */
export class Strata {
  readonly #plan: RacePlan;
  readonly #sheets: AnswerSheets;
  /** By benchmark and question: what one of the sample stands for; NaN outside of it. */
  readonly #standsFor: readonly Float64Array[];
  readonly #strata: readonly Int8Array[];
  readonly #sampled = new Set<Block>();
  /** By benchmark: the strata of which a part is asked. */
  readonly drawn: readonly (readonly number[])[][];

  constructor(plan: RacePlan, sheets: AnswerSheets) {
    this.#plan = plan;
    this.#sheets = sheets;
    this.#standsFor = plan.benchmarks.map(({ questions }) => new Float64Array(questions).fill(1));
    this.#strata = plan.benchmarks.map(({ questions }) => new Int8Array(questions).fill(-1));
    this.drawn = plan.benchmarks.map(() => []);
  }

  /** All questions of a block. */
  whole(point: number, { benchmark, from, to }: Block): WeightedAsk {
    const questions = Array.from({ length: to - from }, (_, i) => from + i);
    return { point, benchmark, questions, weights: questions.map(() => 1) };
  }

  /** The sample of a block; all of it where none was drawn. */
  sample(point: number, block: Block): WeightedAsk {
    const { benchmark, questions } = this.whole(point, block);
    const standsFor = this.#standsFor[benchmark] ?? new Float64Array();
    const chosen = questions.filter((q) => !Number.isNaN(standsFor[q] ?? Number.NaN));
    return { point, benchmark, questions: chosen, weights: chosen.map((q) => standsFor[q] ?? 1) };
  }

  /** Puts the questions of a block into strata by the answers of two points that were asked all of it. */
  label({ benchmark, from, to }: Block, pilots: readonly [number, number]): void {
    for (let q = from; q < to; q++) this.#strata[benchmark]?.fill(this.#stratumOf(benchmark, q, pilots), q, q + 1);
  }

  /** Draws the sample of a labelled block, once: the first questions of each stratum, whose order is one of chance. */
  draw(block: Block, parts: readonly number[]): void {
    if (this.#sampled.has(block)) return;
    this.#sampled.add(block);
    const { benchmark, from, to } = block;
    const strata = this.#strata[benchmark] ?? new Int8Array();
    const standsFor = this.#standsFor[benchmark] ?? new Float64Array();
    parts.forEach((part, stratum) => {
      const own: number[] = [];
      for (let q = from; q < to; q++) if (strata[q] === stratum) own.push(q);
      const asked = Math.min(own.length, Math.max(2, Math.ceil(part * own.length)));
      if (asked < own.length) this.drawn[benchmark]?.push(own);
      own.forEach((q, i) => {
        standsFor[q] = i < asked ? own.length / asked : Number.NaN;
      });
    });
  }

  /** The outermost of some points that were asked a whole block; undefined of fewer than two. */
  pilotsOf({ benchmark, from, to }: Block, points: readonly number[]): [number, number] | undefined {
    const whole = points.filter((point) => {
      const weights = this.#sheets.weights(point, benchmark).subarray(from, to);
      return weights.every((weight) => weight === 1);
    });
    const [first, last] = [whole.at(0), whole.at(-1)];
    return first === undefined || last === undefined || first === last ? undefined : [first, last];
  }

  /**
   * The part of each stratum that is worth asking: proportional to how much points differ there.
   *
   * @returns undefined while nothing is known of that
   */
  parts(points: readonly number[]): number[] | undefined {
    const squares = new Float64Array(STRATA).fill(STRATUM_PRIOR);
    const counts = new Float64Array(STRATA).fill(1);
    const neighbours = points.slice(1).map((point, i) => [points[i] ?? 0, point] as const);
    for (const [a, b] of neighbours) {
      for (const [benchmark, strata] of this.#strata.entries()) {
        for (const [measure] of this.#plan.measures.entries()) {
          const [left, right] = [a, b].map((point) => this.#sheets.rates(point, benchmark, measure));
          for (let q = 0; q < strata.length; q++) {
            const [stratum = -1, value] = [strata[q], (left?.[q] ?? 0) - (right?.[q] ?? 0)];
            if (stratum < 0 || Number.isNaN(value)) continue;
            squares[stratum] = (squares[stratum] ?? 0) + value ** 2;
            counts[stratum] = (counts[stratum] ?? 0) + 1;
          }
        }
      }
    }
    if (points.length < 3) return undefined;
    const spreads = Array.from(squares, (sum, stratum) => Math.sqrt(sum / (counts[stratum] ?? 1)));
    const most = Math.max(...spreads);
    return spreads.map((spread) => Math.max(LEAST, spread / most));
  }

  #stratumOf(benchmark: number, question: number, [first, second]: readonly [number, number]): number {
    const pairs = this.#plan.measures.map((_, measure) =>
      [first, second].map((point) => this.#sheets.rates(point, benchmark, measure)[question] ?? 0),
    );
    if (pairs.some(([a = 0, b = 0]) => Math.abs(a - b) >= ALIKE)) return 0;
    return pairs.every(([a = 0]) => a >= 0.5) ? 1 : 2;
  }
}

/** One difference in four, as if it had been seen once in each stratum: few answers alike do not make a stratum safe. */
const STRATUM_PRIOR = 0.25;

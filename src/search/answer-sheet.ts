import type { AnswerLookup, Ask, RacePlan } from "./race-plan.ts";

/** An ask, and what each of its questions stands for. */
export interface WeightedAsk extends Ask {
  /** 1 where all questions of its stratum are asked, more where some stand for the others. */
  readonly weights: readonly number[];
}

/** What one point answered on one benchmark; NaN where it was not asked. */
interface Sheet {
  readonly rates: readonly Float64Array[];
  readonly tokens: Float64Array;
  readonly weights: Float64Array;
}

/** Everything that a race has seen. */
export class AnswerSheets {
  /** Tokens of all answers. */
  spent = 0;
  readonly #sheets: readonly (readonly Sheet[])[];

  constructor({ points, benchmarks, measures }: RacePlan) {
    this.#sheets = Array.from({ length: points }, () =>
      benchmarks.map(({ questions }) => ({
        rates: measures.map(() => empty(questions)),
        tokens: empty(questions),
        weights: empty(questions),
      })),
    );
  }

  /** Writes down what was asked. */
  note({ point, benchmark, questions, weights }: WeightedAsk, lookup: AnswerLookup): void {
    const sheet = this.#sheet(point, benchmark);
    questions.forEach((question, i) => {
      const { rates, tokens } = lookup(point, benchmark, question);
      for (const [measure, column] of sheet.rates.entries()) column[question] = rates[measure] ?? Number.NaN;
      sheet.tokens[question] = tokens;
      sheet.weights[question] = weights[i] ?? 1;
      this.spent += tokens;
    });
  }

  rates(point: number, benchmark: number, measure: number): Float64Array {
    return this.#sheet(point, benchmark).rates[measure] ?? new Float64Array();
  }

  /** What each answer of a point stands for; NaN where it was not asked. */
  weights(point: number, benchmark: number): Float64Array {
    return this.#sheet(point, benchmark).weights;
  }

  isAsked(point: number, benchmark: number, question: number): boolean {
    return !Number.isNaN(this.#sheet(point, benchmark).weights[question] ?? Number.NaN);
  }

  /** Questions asked of a point, over all benchmarks. */
  asked(point: number): number {
    const sheets = this.#sheets[point] ?? [];
    return sheets.reduce((total, { weights }) => total + weights.filter((one) => !Number.isNaN(one)).length, 0);
  }

  /** Mean tokens of a question, over benchmarks; NaN of a point that was asked nothing of one. */
  cost(point: number): number {
    const sheets = this.#sheets[point] ?? [];
    return sheets.reduce((total, { tokens, weights }) => total + weightedMean(tokens, weights), 0) / sheets.length;
  }

  /** Mean of a measure, over benchmarks. */
  mean(point: number, measure: number): number {
    const sheets = this.#sheets[point] ?? [];
    const means = sheets.map(({ rates, weights }) => weightedMean(rates[measure] ?? new Float64Array(), weights));
    return means.reduce((total, one) => total + one, 0) / means.length;
  }

  /** Tokens that all questions of a benchmark would take of a point; NaN where it was asked none. */
  wholeTokens(point: number, benchmark: number): number {
    const { tokens, weights } = this.#sheet(point, benchmark);
    return weightedMean(tokens, weights) * tokens.length;
  }

  #sheet(point: number, benchmark: number): Sheet {
    const sheet = this.#sheets[point]?.[benchmark];
    if (sheet === undefined)
      throw new RangeError(`Expected a point and a benchmark of the race, found ${point}, ${benchmark}`);
    return sheet;
  }
}

function empty(questions: number): Float64Array {
  return new Float64Array(questions).fill(Number.NaN);
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let q = 0; q < values.length; q++) {
    const weight = weights[q] ?? Number.NaN;
    if (Number.isNaN(weight)) continue;
    sum += weight * (values[q] ?? 0);
    total += weight;
  }
  return sum / total;
}

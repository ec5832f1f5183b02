import { squaredDistance } from "../stats/choice/predict-means.ts";
import type { AnswerSheets } from "./answer-sheet.ts";
import type { Ask, RacePlan } from "./race-plan.ts";

/** What will be spent, were answers as long as those so far. */
export class ExpectedTokens {
  readonly #plan: RacePlan;
  readonly #sheets: AnswerSheets;

  constructor(plan: RacePlan, sheets: AnswerSheets) {
    this.#plan = plan;
    this.#sheets = sheets;
  }

  /** Tokens of all questions at all points. @param asked points of which answers are known */
  ofGrid(asked: readonly number[]): number {
    const { points, benchmarks } = this.#plan;
    const ofPoint = (point: number): number =>
      benchmarks.reduce((sum, _, benchmark) => sum + this.#whole(point, benchmark, asked), 0);
    return Array.from({ length: points }, (_, point) => point).reduce((sum, point) => sum + ofPoint(point), 0);
  }

  /** Tokens that asks will take. */
  of(asks: readonly Ask[], asked: readonly number[]): number {
    return asks.reduce((sum, { point, benchmark, questions }) => {
      const all = this.#plan.benchmarks[benchmark]?.questions ?? 1;
      return sum + (questions.length * this.#whole(point, benchmark, asked)) / all;
    }, 0);
  }

  /** Tokens of all questions of a benchmark; of a point that was asked none, by its neighbours. */
  #whole(point: number, benchmark: number, asked: readonly number[]): number {
    const known = asked.filter((one) => !Number.isNaN(this.#sheets.wholeTokens(one, benchmark)));
    const { places } = this.#plan;
    if (places !== undefined) return this.#nearest(point, benchmark, known, places);
    const [below, above] = [known.findLast((one) => one <= point), known.find((one) => one >= point)];
    const [low, high] = [below ?? above, above ?? below];
    if (low === undefined || high === undefined) return 0;
    const [a, b] = [this.#sheets.wholeTokens(low, benchmark), this.#sheets.wholeTokens(high, benchmark)];
    return low === high ? a : a + ((b - a) * (point - low)) / (high - low);
  }

  /** As many as the nearest of the known points takes; several that are as near on average. */
  #nearest(point: number, benchmark: number, known: readonly number[], places: readonly (readonly number[])[]): number {
    const distances = known.map((one) => squaredDistance(places[one] ?? [], places[point] ?? []));
    const least = Math.min(...distances);
    const nearest = known.filter((_, i) => (distances[i] ?? 0) <= least + 1e-9);
    const total = nearest.reduce((sum, one) => sum + this.#sheets.wholeTokens(one, benchmark), 0);
    return nearest.length === 0 ? 0 : total / nearest.length;
  }
}

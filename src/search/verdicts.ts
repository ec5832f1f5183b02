import { upperQuantile } from "../stats/family.ts";
import type { AnswerSheets } from "./answer-sheet.ts";
import { Boundary } from "./boundary.ts";
import { type PairTest, PairTests } from "./compare.ts";
import type { Standing } from "./foresee.ts";
import { type LookPlace, spentOnAnswers, spentOnDrops } from "./looks.ts";
import type { RacePlan } from "./race-plan.ts";

/** Why a point is asked nothing more. */
export interface Evidence {
  readonly point: number;
  /** `loses`: more than may be lost, for sure. `dominated`: for sure no better in anything than a point that takes fewer tokens. */
  readonly why: "loses" | "dominated";
  readonly by: number;
  readonly measure: number;
  /** What the point is below the other, as a part of 1. */
  readonly difference: number;
  readonly t: number;
  readonly critical: number;
}

/** What is known of the points in one measure; what a look has found stays found. */
interface MeasureVerdict {
  /** Points of which another is better for sure. */
  readonly beaten: Set<number>;
  /** By point, the rivals to which it loses no more than the margin, for sure. */
  readonly holds: readonly Set<number>[];
  /** Of the tests that put points out; and, by rival, of those that make points safe. */
  readonly out: Boundary;
  readonly safe: readonly Boundary[];
}

/** What a race holds of its points after every look. */
export class Verdicts {
  /** Points that may still be chosen, of those that were asked. */
  readonly candidates = new Set<number>();
  readonly #plan: RacePlan;
  readonly #sheets: AnswerSheets;
  readonly #tests: PairTests;
  readonly #measures: readonly MeasureVerdict[];
  #standings: readonly Standing[] = [];

  constructor(plan: RacePlan, sheets: AnswerSheets) {
    this.#plan = plan;
    this.#sheets = sheets;
    this.#tests = new PairTests(plan, sheets);
    const places = Array.from({ length: plan.points }, (_, point) => point);
    this.#measures = plan.measures.map(() => ({
      beaten: new Set<number>(),
      holds: places.map(() => new Set<number>()),
      out: new Boundary(this.#tests.draws),
      safe: places.map(() => new Boundary(this.#tests.draws)),
    }));
  }

  /** Of the last look. */
  get standings(): readonly Standing[] {
    return this.#standings;
  }

  /**
   * Looks at the answers of some points, all of which were asked up to the same question.
   *
   * @returns the points that are out now
   */
  look(points: readonly number[], place: LookPlace): Evidence[] {
    this.#standings = this.#plan.measures.map((_, measure) => this.#test(points, measure, place));
    return this.#plan.levers.elimination ? this.#eliminate() : [];
  }

  #test(points: readonly number[], measure: number, place: LookPlace): Standing {
    const error = 1 - this.#plan.confidence;
    const { margin = 0 } = this.#plan.measures[measure] ?? {};
    const verdict = this.#verdict(measure);
    const pairs = this.#tests.all(points, measure);
    const degrees = Math.min(...pairs.map((pair) => pair.degrees));
    const against = this.#rivals(points);
    const most = new Float64Array(this.#tests.draws);
    const perRival = new Map(
      against.map((rival) => [rival, new Float64Array(this.#tests.draws).fill(Number.NEGATIVE_INFINITY)]),
    );
    for (const { first, second, draws } of pairs) {
      raise(perRival.get(second), draws, 1);
      raise(perRival.get(first), draws, -1);
      raise(most, draws, 1);
      raise(most, draws, -1);
    }
    // A point is out where it fails in one measure; it is safe where it holds in all.
    const criticalOut = verdict.out.critical(most, spentOnDrops(place, error / this.#plan.measures.length), degrees);
    verdict.out.cross(most, criticalOut);
    const criticals = Array.from(
      perRival,
      ([rival, largest]) =>
        verdict.safe[rival]?.critical(largest, spentOnAnswers(place, error), degrees) ?? Number.POSITIVE_INFINITY,
    );
    const critical = Math.max(...criticals);
    for (const [rival, largest] of perRival) verdict.safe[rival]?.cross(largest, critical);
    for (const { better, worse, difference, error: se } of pairs.flatMap(bothWays)) {
      if (difference > criticalOut * se) verdict.beaten.add(worse);
      if (against.includes(worse) && difference + margin >= critical * se) verdict.holds[better]?.add(worse);
    }
    const means = points.map((point) => this.#sheets.mean(point, measure));
    const criticalEnd = Math.max(...Array.from(perRival.values(), (largest) => upperQuantile(largest, 1 - error / 3)));
    return { points, means, pairs, margin, criticalEnd, criticalOut, against };
  }

  #eliminate(): Evidence[] {
    const found: Evidence[] = [];
    for (const [measure, { pairs, margin, criticalOut, against }] of this.#standings.entries()) {
      for (const { better, worse, difference, error } of pairs.flatMap(bothWays)) {
        if (!this.candidates.has(worse) || !against.includes(better)) continue;
        const t = (difference - margin) / error;
        if (t <= criticalOut) continue;
        this.candidates.delete(worse);
        found.push({ point: worse, why: "loses", by: better, measure, difference, t, critical: criticalOut });
      }
    }
    if (this.#plan.cheapest && this.#plan.against === undefined) found.push(...this.#dominated());
    return found;
  }

  /** Points that are worse in everything, for sure, than one that takes fewer tokens: neither the best nor the cheapest. */
  #dominated(): Evidence[] {
    const [first] = this.#standings;
    return (first?.pairs ?? []).flatMap(bothWays).flatMap(({ better, worse }): Evidence[] => {
      if (!this.candidates.has(worse) || !this.candidates.has(better)) return [];
      if (this.#sheets.cost(better) >= this.#sheets.cost(worse)) return [];
      const each = this.#standings.map(({ pairs, criticalOut }) => {
        const pair = pairs.flatMap(bothWays).find((one) => one.better === better && one.worse === worse);
        return {
          difference: pair?.difference ?? 0,
          t: (pair?.difference ?? 0) / (pair?.error ?? 1),
          critical: criticalOut,
        };
      });
      if (each.some(({ t, critical }) => t <= critical)) return [];
      this.candidates.delete(worse);
      return [
        {
          point: worse,
          why: "dominated",
          by: better,
          measure: 0,
          ...(each[0] ?? { difference: 0, t: 0, critical: 0 }),
        },
      ];
    });
  }

  /** Whether a point loses no more than the margin to any other, in all measures, for sure. */
  isSafe(point: number, asked: readonly number[]): boolean {
    return this.#rivals(asked).every(
      (rival) =>
        rival === point ||
        this.#measures.every(({ beaten, holds }) => beaten.has(rival) || holds[point]?.has(rival) === true),
    );
  }

  /** Whether answers of a point still matter: it may be chosen, or a point that may be chosen has to be held against it. */
  isNeeded(point: number): boolean {
    if (this.candidates.has(point) || point === this.#plan.against) return true;
    if (this.#plan.against !== undefined) return false;
    return this.#measures.some(
      ({ beaten, holds }) =>
        !beaten.has(point) && [...this.candidates].some((candidate) => holds[candidate]?.has(point) !== true),
    );
  }

  /** Candidates, the preferred first: the cheapest, or the highest. */
  preferred(): number[] {
    const cost = (point: number): number =>
      this.#plan.cheapest ? this.#sheets.cost(point) : -this.#sheets.mean(point, 0);
    return [...this.candidates].toSorted((a, b) => cost(a) - cost(b) || a - b);
  }

  /** The candidate that looks best in the first measure. */
  highest(): number {
    const mean = (point: number): number => this.#sheets.mean(point, 0);
    return [...this.candidates].toSorted((a, b) => mean(b) - mean(a) || a - b)[0] ?? 0;
  }

  #rivals(points: readonly number[]): readonly number[] {
    return this.#plan.against === undefined ? points : [this.#plan.against];
  }

  #verdict(measure: number): MeasureVerdict {
    const verdict = this.#measures[measure];
    if (verdict === undefined) throw new RangeError(`Expected a measure of the race, found ${measure}`);
    return verdict;
  }
}

interface Ordered {
  readonly better: number;
  readonly worse: number;
  readonly difference: number;
  readonly error: number;
}

/** A pair in both orders. */
function bothWays({ first, second, difference, error }: PairTest): Ordered[] {
  return [
    { better: first, worse: second, difference, error },
    { better: second, worse: first, difference: -difference, error },
  ];
}

function raise(most: Float64Array | undefined, draws: Float64Array, sign: number): void {
  if (most === undefined) return;
  for (let draw = 0; draw < draws.length; draw++) {
    most[draw] = Math.max(most[draw] ?? 0, sign * (draws[draw] ?? 0));
  }
}

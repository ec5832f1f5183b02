import { ConfigError } from "../base/errors.ts";
import { readManifest } from "../runs/read-manifest.ts";
import { unitStore } from "../runs/run-store.ts";
import type { PlannedPoint, ScoreRecord } from "../runs/schema.ts";
import { scoreTables } from "../runs/tables/build-score-tables.ts";
import type { ScoreTable } from "../runs/tables/score-table.ts";
import type { Scoring } from "../scorers/scoring.ts";
import { isScoredBy } from "../sweep/run/score-run.ts";
import type { RaceAnswer } from "./race-plan.ts";

/** The scores of a run store, as a race reads them: a question's means, and the tokens of its attempts. */
export class StoredAnswers {
  readonly #folder: string;
  readonly #measures: readonly string[];
  readonly #points = new Map<string, ReadonlyMap<string, RaceAnswer>>();

  constructor(folder: string, measures: readonly string[]) {
    this.#folder = folder;
    this.#measures = measures;
  }

  /** Reads what is scored of some points. @throws StoreError if that is damaged */
  async read(points: readonly string[], attempts: ReadonlyMap<string, number>): Promise<void> {
    const { points: stored, scoring } = await readManifest(this.#folder);
    for (const name of points) {
      const planned = stored.find((point) => point.name === name);
      const scores = planned === undefined ? [] : await this.#scoresOf(planned, scoring);
      const asked = scores.filter(({ benchmark, attempt }) => attempt < (attempts.get(benchmark) ?? 0));
      this.#points.set(name, answersOf(scoreTables(asked).tables, this.#measures, attempts));
    }
  }

  /** None of scores that were made otherwise: the answers are there, and are scored again when they are asked for. */
  async #scoresOf({ unit }: PlannedPoint, scoring: Scoring): Promise<readonly ScoreRecord[]> {
    const result = await unitStore(this.#folder, unit).result();
    const owner = unitStore(this.#folder, result?.same_as ?? unit);
    const scored = await owner.result();
    return result === undefined || scored === undefined || !isScoredBy(scored, scoring) ? [] : owner.scores();
  }

  has(point: string, benchmark: string, sample: string): boolean {
    return this.#points.get(point)?.has(keyOf(benchmark, sample)) === true;
  }

  /** @throws ConfigError for an answer that lacks what the objective looks at */
  answer(point: string, benchmark: string, sample: string): RaceAnswer {
    const answer = this.#points.get(point)?.get(keyOf(benchmark, sample));
    const missing = answer === undefined ? -1 : answer.rates.findIndex(Number.isNaN);
    if (answer !== undefined && missing < 0) return answer;
    throw new ConfigError(
      `Expected ${this.#measures[missing] ?? "scores"} of ${point} for problem ${sample} of ${benchmark}, found none`,
      { hint: "State an objective whose measures these benchmarks have: objective: { maximise: accuracy }" },
    );
  }
}

function answersOf(
  tables: readonly ScoreTable[],
  measures: readonly string[],
  attempts: ReadonlyMap<string, number>,
): Map<string, RaceAnswer> {
  const answers = new Map<string, RaceAnswer>();
  for (const { benchmark, samples, starts, columns } of tables) {
    const columnOf = new Map<string, Float64Array>(Object.entries(columns));
    samples.forEach((sample, q) => {
      const [from, to] = [starts[q] ?? 0, starts[q + 1] ?? 0];
      // A question of which attempts are missing is not answered yet.
      if (to - from < (attempts.get(benchmark) ?? 0)) return;
      const total = (measure: string): number =>
        columnOf
          .get(measure)
          ?.subarray(from, to)
          .reduce((sum, value) => sum + value, 0) ?? Number.NaN;
      const rates = measures.map((measure) => total(measure) / (to - from));
      answers.set(keyOf(benchmark, sample), { rates, tokens: total("tokens") });
    });
  }
  return answers;
}

function keyOf(benchmark: string, sample: string): string {
  return JSON.stringify([benchmark, sample]);
}

import type { StoredRun } from "../runs/schema.ts";
import { bootstrapFront } from "../stats/front-bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import { groupBy } from "../stats/mean.ts";
import { type Measure, type PointScores, pointScores, questionMeans } from "./point-scores.ts";

/** The trade-off of accuracy and length on one benchmark, over points and references. */
export interface Front {
  readonly benchmark: string;
  /** For each point: how often it is on the front when other questions are drawn. */
  readonly probability: Readonly<Record<string, number>>;
  /**
   * Share of the ideal (all right, in no tokens) that the front dominates, from no right answers and max_tokens: a number
   * that compares sweeps with the same cap.
   */
  readonly hypervolume: number;
  readonly interval: Interval | null;
}

/** The fronts of a run, one a benchmark; on the questions that every point answered. */
export function fronts(run: StoredRun): Front[] {
  return [...groupBy(pointScores(run), (scores) => scores.benchmark.name)].map(([benchmark, scores]) => {
    const shared = sharedQuestions(scores);
    const accuracy = shared.map((questions) => questionMeans(questions, accuracyOf));
    const tokens = shared.map((questions) =>
      questionMeans(questions, tokensOf).map((v) => v / run.manifest.max_tokens),
    );
    const result = bootstrapFront(accuracy, tokens, { gain: 0, cost: 1 });
    return {
      benchmark,
      probability: Object.fromEntries(scores.map(({ point }, i) => [point.name, result.probability[i] ?? 0])),
      hypervolume: result.hypervolume,
      interval: result.hypervolumeInterval,
    };
  });
}

const accuracyOf: Measure = (score) => score.accuracy;
const tokensOf: Measure = (score) => score.tokens;

function sharedQuestions(scores: readonly PointScores[]): PointScores["questions"][] {
  const names = scores.map(({ questions }) => new Set(questions.map(({ sample }) => sample)));
  return scores.map(({ questions }) =>
    questions.filter(({ sample }) => names.every((answered) => answered.has(sample))),
  );
}

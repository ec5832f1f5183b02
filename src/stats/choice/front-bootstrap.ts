import { seededRandom } from "../../base/random.ts";
import { CONFIDENCE, type Interval } from "../interval.ts";
import { quantile } from "../quantile.ts";
import { weightsOf } from "../weights.ts";
import { hypervolume, onFront, type Tradeoff } from "./pareto.ts";

/** How sure a Pareto front is, given that other questions might have been asked. */
export interface FrontBootstrap {
  /** Whether each choice is on the front of all gains and the cost. */
  readonly onFront: readonly boolean[];
  /** For each choice: in what share of the resampled question sets nothing beats it. */
  readonly probability: readonly number[];
  /** Of the first gain and the cost. */
  readonly hypervolume: number;
  readonly hypervolumeInterval: Interval | null;
}

/**
 * Resamples questions, the same for all the choices, and looks at the front each time: neighbours that swap places by luck
 * share the probability between them.
 *
 * @param gains for each thing to gain a row a choice, a value a question
 * @param costs a row a choice
 * @param weights what each question stands for. @default 1 each
 * @param reference what the hypervolume is measured from; declared, not taken from the data
 */
export function bootstrapFront(
  gains: readonly (readonly ArrayLike<number>[])[],
  costs: readonly ArrayLike<number>[],
  reference: Tradeoff,
  { seed = 0, draws = 1000, weights }: { seed?: number; draws?: number; weights?: ArrayLike<number> | undefined } = {},
): FrontBootstrap {
  const questions = costs[0]?.length ?? 0;
  const weightOf = weightsOf(weights);
  const whole = averages(
    gains,
    costs,
    Float64Array.from({ length: questions }, (_, q) => weightOf(q)),
  );
  const volume = volumeOf(whole, reference);
  const front = onFront(whole);
  const hits = costs.map(() => 0);
  if (questions === 0) return { onFront: front, probability: hits, hypervolume: volume, hypervolumeInterval: null };
  const random = seededRandom(seed);
  const volumes: number[] = [];
  const times = new Float64Array(questions);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < questions; i++) {
      const question = Math.floor(random() * questions);
      times[question] = (times[question] ?? 0) + weightOf(question);
    }
    const choices = averages(gains, costs, times);
    onFront(choices).forEach((on, index) => {
      if (on) hits[index] = (hits[index] ?? 0) + 1;
    });
    volumes.push(volumeOf(choices, reference));
  }
  const [low, high] = [quantile(volumes, (1 - CONFIDENCE) / 2), quantile(volumes, 1 - (1 - CONFIDENCE) / 2)];
  return {
    onFront: front,
    probability: hits.map((count) => count / draws),
    hypervolume: volume,
    hypervolumeInterval: low === null || high === null ? null : { low, high },
  };
}

interface Choice {
  readonly gains: readonly number[];
  readonly cost: number;
}

function volumeOf(choices: readonly Choice[], reference: Tradeoff): number {
  return hypervolume(
    choices.map(({ gains, cost }) => ({ gain: gains[0] ?? 0, cost })),
    reference,
  );
}

/** @param times how often each question counts */
function averages(
  gains: readonly (readonly ArrayLike<number>[])[],
  costs: readonly ArrayLike<number>[],
  times: Float64Array,
): Choice[] {
  const total = times.reduce((sum, count) => sum + count, 0);
  const average = (values: ArrayLike<number> | undefined): number => {
    let sum = 0;
    for (let q = 0; q < times.length; q++) sum += (times[q] ?? 0) * (values?.[q] ?? 0);
    return sum / total;
  };
  return costs.map((cost, index) => ({ gains: gains.map((rows) => average(rows[index])), cost: average(cost) }));
}

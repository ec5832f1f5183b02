import { seededRandom } from "../base/random.ts";
import { CONFIDENCE, type Interval } from "./interval.ts";
import { hypervolume, paretoFront, type Tradeoff } from "./pareto.ts";
import { quantile } from "./quantile.ts";

/** How sure a Pareto front is, given that other questions might have been asked. */
export interface FrontBootstrap {
  /** For each choice: in what share of the resampled question sets nothing beats it. */
  readonly probability: readonly number[];
  readonly hypervolume: number;
  readonly hypervolumeInterval: Interval | null;
}

/**
 * Resamples questions, the same for all the choices, and looks at the front each time: neighbours that swap places by luck
 * share the probability between them.
 *
 * @param gains a row a choice, a value a question
 * @param costs as gains
 * @param reference what the hypervolume is measured from; declared, not taken from the data
 */
export function bootstrapFront(
  gains: readonly (readonly number[])[],
  costs: readonly (readonly number[])[],
  reference: Tradeoff,
  seed = 0,
  draws = 1000,
): FrontBootstrap {
  const questions = gains[0]?.length ?? 0;
  const every = Int32Array.from({ length: questions }, (_, i) => i);
  const whole = hypervolume(averages(gains, costs, every), reference);
  const hits = gains.map(() => 0);
  if (questions === 0) return { probability: hits, hypervolume: whole, hypervolumeInterval: null };
  const random = seededRandom(seed);
  const volumes: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const chosen = every.map(() => Math.floor(random() * questions));
    const choices = averages(gains, costs, chosen);
    for (const { index } of paretoFront(choices)) hits[index] = (hits[index] ?? 0) + 1;
    volumes.push(hypervolume(choices, reference));
  }
  const [low, high] = [quantile(volumes, (1 - CONFIDENCE) / 2), quantile(volumes, 1 - (1 - CONFIDENCE) / 2)];
  return {
    probability: hits.map((count) => count / draws),
    hypervolume: whole,
    hypervolumeInterval: low === null || high === null ? null : { low, high },
  };
}

function averages(
  gains: readonly (readonly number[])[],
  costs: readonly (readonly number[])[],
  chosen: Int32Array,
): (Tradeoff & { index: number })[] {
  return gains.map((row, index) => {
    const cost = costs[index] ?? [];
    let [gained, paid] = [0, 0];
    for (const question of chosen) {
      gained += row[question] ?? 0;
      paid += cost[question] ?? 0;
    }
    return { index, gain: gained / chosen.length, cost: paid / chosen.length };
  });
}

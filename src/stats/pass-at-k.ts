/**
 * What k attempts are worth, estimated without bias from n >= k attempts at a question of which c were right. Every function
 * gives null where n < k: fewer attempts do not tell. (Chen et al. 2107.03374, tau-bench 2406.12045, G-Pass@k 2412.13147.)
 */

/** The chance that at least one of k attempts is right: 1 - C(n-c, k) / C(n, k). */
export function passAtK(attempts: number, correct: number, k: number): number | null {
  const allWrong = drawChance(attempts, attempts - correct, k, k);
  return allWrong === null ? null : 1 - allWrong;
}

/** The chance that all of k attempts are right (pass^k): C(c, k) / C(n, k). */
export function passPowerK(attempts: number, correct: number, k: number): number | null {
  return drawChance(attempts, correct, k, k);
}

/** The chance that at least a share `threshold` of k attempts is right (and at least one): G-Pass@k. */
export function gPassAtK(attempts: number, correct: number, k: number, threshold: number): number | null {
  if (!canDraw(attempts, k)) return null;
  let chance = 0;
  for (let j = Math.max(1, Math.ceil(threshold * k)); j <= k; j++) chance += drawChance(attempts, correct, k, j) ?? 0;
  return Math.min(1, chance);
}

/** One attempt as a voter: the class of answers that it gave (null: none) and whether it was right. */
export interface Vote {
  readonly answerClass: number | null;
  readonly correct: boolean;
}

/**
 * The chance that the majority of the first k attempts is right. Answers vote by equivalence class, so `1/2` and `0.5` are
 * one; attempts without an answer do not vote; a tie is drawn by lot among the largest classes; no votes at all is wrong.
 */
export function majorityAtK(votes: readonly Vote[], k: number): number | null {
  if (!canDraw(votes.length, k)) return null;
  const tally = new Map<number, { count: number; correct: number }>();
  for (const { answerClass, correct } of votes.slice(0, k)) {
    if (answerClass === null) continue;
    const party = tally.get(answerClass) ?? { count: 0, correct: 0 };
    tally.set(answerClass, { count: party.count + 1, correct: party.correct + (correct ? 1 : 0) });
  }
  const most = Math.max(0, ...[...tally.values()].map(({ count }) => count));
  const winners = [...tally.values()].filter(({ count }) => count === most);
  if (winners.length === 0) return 0;
  return winners.reduce((total, { count, correct }) => total + correct / count, 0) / winners.length;
}

function canDraw(attempts: number, k: number): boolean {
  return k >= 1 && k <= attempts;
}

/** Of k drawn without replacement from `attempts`, the chance that exactly `hits` are among the `marked`. */
function drawChance(attempts: number, marked: number, k: number, hits: number): number | null {
  if (!canDraw(attempts, k)) return null;
  const misses = k - hits;
  const unmarked = attempts - marked;
  if (hits > marked || misses > unmarked) return 0;
  // C(marked, hits) C(unmarked, misses) / C(attempts, k) as a product of k factors near 1: nothing overflows.
  let chance = 1;
  for (let i = 0; i < hits; i++) chance *= ((marked - i) * (i + 1 + misses)) / ((i + 1) * (attempts - i));
  for (let i = 0; i < misses; i++) chance *= (unmarked - i) / (attempts - hits - i);
  return chance;
}

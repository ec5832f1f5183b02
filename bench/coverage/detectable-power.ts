import { SIGNIFICANT } from "../../src/findings/claims.ts";
import { judge } from "../../src/findings/judge.ts";
import { alongW, drawRun } from "../../test/helpers/runs/worlds.ts";

/** One world in which a stated detectable difference is put to the test. */
export interface PowerCase {
  readonly questions: number;
  readonly attempts: number;
  readonly accuracy: number;
  /** 1: the difference leads towards 50%; -1: away from it. */
  readonly towards: 1 | -1;
}

/** The cases of the bench: the issue asks for n >= 200. */
export const POWER_CASES: readonly PowerCase[] = [
  { questions: 200, attempts: 1, accuracy: 0.1, towards: 1 },
  { questions: 200, attempts: 1, accuracy: 0.5, towards: 1 },
  { questions: 200, attempts: 1, accuracy: 0.8, towards: 1 },
  { questions: 200, attempts: 4, accuracy: 0.3, towards: -1 },
  { questions: 200, attempts: 4, accuracy: 0.8, towards: 1 },
  { questions: 500, attempts: 1, accuracy: 0.9, towards: 1 },
  { questions: 500, attempts: 1, accuracy: 0.3, towards: -1 },
  { questions: 500, attempts: 4, accuracy: 0.5, towards: 1 },
];

/** What a run without a difference states as detectable; null if it states none. */
export function statedDifference(one: PowerCase, seed: number): number | null {
  return judge(worldOf(one, 0, seed)).comparisons[0]?.detectable ?? null;
}

/** Whether a run with that difference finds it. */
export function isFound(one: PowerCase, difference: number, seed: number): boolean {
  const [comparison] = judge(worldOf(one, difference, seed)).comparisons;
  return (comparison?.accuracy?.pAdjusted ?? 1) < SIGNIFICANT;
}

function worldOf(
  { questions, attempts, accuracy, towards }: PowerCase,
  difference: number,
  seed: number,
): ReturnType<typeof drawRun> {
  const sign = accuracy <= 0.5 ? towards : -towards;
  const points = alongW([{ accuracy }, { accuracy: accuracy + sign * difference }, { accuracy }]);
  return drawRun({ points, questions, attempts, greedy: attempts === 1, rho: 0.9 }, seed);
}

import { errorForVerdict, type MeasuredDifference } from "../../stats/equivalence.ts";

/** What a verdict is sought with. */
interface Sought {
  readonly margin: number;
  readonly tests: number;
  /** How many there are; they give no verdict. */
  readonly completions: number;
  /** More than these cannot be had. */
  readonly most: number;
}

/** So many times as many are as good as infinitely many. */
const MANY_TIMES = 2 ** 30;

/**
 * The smallest number of completions that gives a verdict in four of five repetitions, if the difference stays: doubled until
 * one does, then halved in between, as fewer degrees of freedom may undo what a smaller error gains.
 *
 * @param measuredWith the difference, its error and degrees of freedom with so many completions
 * @returns null where none does
 */
export function completionsForVerdict(
  measuredWith: (completions: number) => MeasuredDifference,
  { margin, tests, completions, most }: Sought,
): number | null {
  const decides = (number: number): boolean => {
    const { difference, error, degrees } = measuredWith(number);
    return error <= errorForVerdict(difference, margin, tests, degrees);
  };
  let [low, high] = [completions, completions];
  while (!decides(high)) {
    if (high >= Math.min(most, completions * MANY_TIMES)) return null;
    low = high;
    high = Math.min(most, 2 * high);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (decides(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil(high);
}

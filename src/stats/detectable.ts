import type { ContrastSums } from "./contrast.ts";

/** Standard normal quantile of 80% power. */
const POWER = 0.8416212335729143;

/**
 * The smallest true difference of two rates that the test would find in four of five repetitions, by inverting the test
 * itself at the critical value that it is used with: a larger difference comes with more questions that differ.
 *
 * @param sums of the difference, with the bound 1
 * @param rates of the two points
 * @param critical of the t: that of the family the claim stands in
 * @returns null where no difference at all could be found
 */
export function detectableDifference(
  sums: ContrastSums,
  rates: readonly [number, number],
  critical: number,
): number | null {
  const { questions: n } = sums;
  if (n < 2) return null;
  const found = (s: number): boolean => reaches(sums, s, ((rates[0] + rates[1]) * n) / 2, critical);
  const step = n / SCAN_STEPS;
  for (let s = step; s <= n + step / 2; s += step) {
    const upper = Math.min(s, n);
    if (!found(upper)) continue;
    let [low, high] = [upper - step, upper];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (found(middle)) high = middle;
      else low = middle;
    }
    return high / n;
  }
  return null;
}

const SCAN_STEPS = 2000;

/** Whether a sum of so much leaves the test significant when it falls by what it varies in one of five repetitions. */
function reaches(
  { questions: n, squares, differing }: ContrastSums,
  s: number,
  right: number,
  critical: number,
): boolean {
  const p0 = (right + 0.5) / (n + 1);
  const v0 = p0 * (1 - p0);
  const towardsMiddle = p0 <= 0.5 ? p0 + s / n : p0 - s / n;
  const passed = p0 <= 0.5 ? towardsMiddle >= 0.5 : towardsMiddle <= 0.5;
  const most = passed ? 0.25 : Math.max(v0, towardsMiddle * (1 - towardsMiddle));
  const pseudo = (squares + 1) / (differing + 1);
  const grown = Math.max((squares * (v0 + most)) / (2 * v0), (s * s) / n, s * Math.sqrt(pseudo));
  const differ = Math.max(differing, grown / pseudo);
  const pseudoGrown = squares === 0 ? 1 : (grown + 1) / (differ + 1);
  const total = n + 2;
  return (
    s - POWER * Math.sqrt(Math.max(grown - (s * s) / n, 0)) >=
    critical * Math.sqrt((total * (grown + 2 * pseudoGrown)) / (total - 1 + critical ** 2))
  );
}

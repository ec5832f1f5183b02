import { studentCdf, studentQuantile } from "./distributions.ts";
import type { Interval } from "./interval.ts";

/** A difference of two means that were measured apart, or of pairs. */
export interface MeasuredDifference {
  readonly difference: number;
  /** Its standard error; 0 of what is known exactly. */
  readonly error: number;
  /** Of Student's t; infinite where the error is a bound. */
  readonly degrees: number;
}

/** Whether a difference lies within a margin, beyond it, or neither can be told. */
type EquivalenceVerdict = "within" | "beyond" | "open";

export interface EquivalenceTest {
  readonly verdict: EquivalenceVerdict;
  /** The interval that the verdict is read from: 90% of a single test. */
  readonly interval: Interval;
  readonly confidence: number;
  /** Of the claim that it is within the margin, adjusted for the number of tests. */
  readonly pWithin: number;
  /** Of the claim that it is beyond the margin, adjusted likewise. */
  readonly pBeyond: number;
}

/** The level of each of the two one-sided tests. */
const LEVEL = 0.05;
/** Student's t of more degrees is the normal to every digit that counts. */
const MANY_DEGREES = 1e6;

/**
 * Two one-sided tests at 5% (Schuirmann 1987): a difference is within the margin when its 90% interval is, and beyond it when
 * the interval lies outside as a whole. Bonferroni's adjustment over several tests: each is held at 5% over their number.
 *
 * @param margin in the unit of the difference; positive
 * @param tests how many benchmarks are tested together
 */
export function testEquivalence(
  { difference, error, degrees }: MeasuredDifference,
  margin: number,
  tests: number,
): EquivalenceTest {
  const df = freedom(degrees);
  const half = error === 0 ? 0 : studentQuantile(1 - LEVEL / tests, df) * error;
  const interval = { low: difference - half, high: difference + half };
  // How sure it is that the difference is on this side of a bound.
  const above = (bound: number): number => tail(bound - difference, error, df);
  const below = (bound: number): number => tail(difference - bound, error, df);
  const adjusted = (p: number): number => Math.min(1, tests * p);
  const within = interval.low > -margin && interval.high < margin;
  const beyond = interval.low > margin || interval.high < -margin;
  return {
    verdict: within ? "within" : beyond ? "beyond" : "open",
    interval,
    confidence: 1 - (2 * LEVEL) / tests,
    pWithin: adjusted(Math.max(above(-margin), below(margin))),
    pBeyond: adjusted(Math.min(above(margin), below(-margin))),
  };
}

function freedom(degrees: number): number {
  return Math.min(Math.max(1, degrees), MANY_DEGREES);
}

/** P of a t as far below 0 as the distance says. */
function tail(distance: number, error: number, degrees: number): number {
  if (error === 0) return distance < 0 ? 0 : 1;
  return studentCdf(distance / error, degrees);
}

/** 80% power, of a normal: to pass one bound, and to pass both from their middle. */
const POWER = { one: 0.8416, both: 1.2816 };

/**
 * How much smaller the error has to be for a verdict, if the difference stays what it is.
 *
 * @param degrees of freedom of that error. @default infinitely many
 * @returns the largest error that gives a verdict in at least four of five repetitions; 0 where the difference is the margin
 */
export function errorForVerdict(
  difference: number,
  margin: number,
  tests: number,
  degrees: number = MANY_DEGREES,
): number {
  const room = Math.abs(difference) - margin;
  const power = room > 0 ? POWER.one : POWER.both;
  return Math.abs(room) / (studentQuantile(1 - LEVEL / tests, freedom(degrees)) + power);
}

import type { Clock, ExpressionAnswer } from "../values/answer.ts";

/**
 * Whether two answers are the same time of day; undefined where they need not be times: `3:10` and `6:20` are ratios. `3:30 PM` is
 * 15:30, and either half of the day where none is said.
 */
export function compareClocks(gold: ExpressionAnswer, pred: ExpressionAnswer): boolean | undefined {
  const [a, b] = [gold.clock, pred.clock];
  if (a === undefined) return undefined;
  if (b === undefined) return a.certain ? false : undefined;
  if (isSame(a, b)) return true;
  return a.certain || a.half !== undefined || b.half !== undefined ? false : undefined;
}

function isSame(a: Clock, b: Clock): boolean {
  if (a.minute !== b.minute) return false;
  if (a.half !== undefined && b.half !== undefined) return hourOf(a) === hourOf(b);
  if (a.half === undefined && b.half === undefined) return a.hour === b.hour;
  const [said, bare] = a.half === undefined ? [b, a] : [a, b];
  // An hour from 13 on, or 0, says itself which half of the day it is in.
  return bare.hour > 12 || bare.hour === 0 ? hourOf(said) === bare.hour % 24 : said.hour % 12 === bare.hour % 12;
}

function hourOf({ hour, half }: Clock): number {
  return (hour % 12) + (half === "pm" ? 12 : 0);
}

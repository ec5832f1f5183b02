import { UsageError } from "../src/base/errors.ts";

/**
 * A whole number that a flag gives.
 *
 * @param flag its name, for the error
 * @throws UsageError for anything else, such as a word or a number below `least`
 */
export function countOf(flag: string, text: string, least = 1): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) return count;
  throw new UsageError(`--${flag}: expected a whole number from ${least} on, found "${text}"`);
}

/** Whole numbers with commas between them. @throws UsageError as `countOf` does */
export function countsOf(flag: string, text: string): number[] {
  return text.split(",").map((part) => countOf(flag, part));
}

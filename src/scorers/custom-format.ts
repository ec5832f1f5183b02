import { RE2JS } from "re2js";
import { ConfigError, messageOf } from "../base/errors.ts";

/** Longest pattern of a person's own: RE2 time is linear in the text times the pattern. */
const MAX_PATTERN = 1000;

/**
 * A format of a person's own: 1 if the regular expression is found in prefill + completion (anchor it with `^` and `$` for all of
 * it). RE2 syntax, so that no pattern can backtrack without end; `(?s)` lets `.` match newlines.
 *
 * @throws ConfigError if the pattern is no RE2 expression (look-around and back-references are not)
 */
export function customFormat(pattern: string): (completion: string, prefill?: string) => 0 | 1 {
  if (pattern.length > MAX_PATTERN) {
    throw new ConfigError(`The format pattern has ${pattern.length} characters; at most ${MAX_PATTERN} are allowed`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new ConfigError(`The format pattern ${JSON.stringify(pattern)} cannot be used: ${messageOf(error)}`, {
      hint: "Use RE2 syntax: no look-ahead, look-behind or back-references.",
      cause: error,
    });
  }
  return (completion, prefill = "") => (compiled.matcher(prefill + completion).find() ? 1 : 0);
}

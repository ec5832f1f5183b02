import { ConfigError, messageOf, WorkError } from "../base/errors.ts";
import type { ScoredText } from "./score.ts";

/** A scorer of the caller's own. */
export interface OwnScorer {
  /** Names its column, `reward_<name>`: a lower-case word, none of the rewards that there are. */
  readonly name: string;
  /** A whole number, raised with every change that changes a score: stored completions are then scored again. */
  readonly version: number;
  /** Whether it decides what counts as right, with 1 or 0, in place of our comparison of answers. @default false */
  readonly grades?: boolean | undefined;
  /** The score of one completion; null where it has none. A pure function of what it is given. */
  score(text: ScoredText): number | null;
}

/** Names of columns that another score would hide. */
const TAKEN = ["accuracy", "format", "tag_count", "cosine", "cosine_tokens", "repetition_penalty", "kimi_length"];

/**
 * Checks a scorer for the `scorers` of `planSweep`, `scoreRun` and `scoreCompletion`.
 *
 * @throws ConfigError for a name that is taken or cannot be one, or a version that is no whole number above 0
 */
export function defineScorer(scorer: OwnScorer): OwnScorer {
  const { name, version } = scorer;
  if (!/^[a-z]\w*$/.test(name) || TAKEN.includes(name)) {
    throw new ConfigError(`Expected a lower-case word that no score has as the name of a scorer, found "${name}"`, {
      hint: `Taken are ${TAKEN.join(", ")}.`,
    });
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ConfigError(`Expected a whole number above 0 as the version of ${name}, found ${version}`);
  }
  return scorer;
}

/**
 * What scorers of the caller's own say of a completion, by name.
 *
 * @throws WorkError for one that throws, or gives what is no number
 */
export function ownScores(scorers: readonly OwnScorer[], text: ScoredText): Record<string, number | null> {
  return Object.fromEntries(scorers.map((scorer) => [scorer.name, ownScore(scorer, text)]));
}

function ownScore(scorer: OwnScorer, text: ScoredText): number | null {
  const { name, version, grades = false } = scorer;
  let value: number | null;
  try {
    value = scorer.score(text);
  } catch (error) {
    throw new WorkError(`The scorer ${name}@${version} failed: ${messageOf(error)}`, { cause: error });
  }
  if (grades ? value === 0 || value === 1 : value === null || Number.isFinite(value)) return value;
  const expected = grades ? "1 or 0, as it decides what is right" : "a number or null";
  throw new WorkError(`The scorer ${name}@${version}: expected ${expected}, found ${String(value)}`);
}

import { ConfigError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { EXTRACTION_PROFILES, type ExtractionProfile } from "./accuracy/extract/extract.ts";
import { customFormat } from "./custom-format.ts";
import { FORMAT_PARTS } from "./format.ts";
import type { OwnScorer } from "./own-scorer.ts";
import type { ScoreOptions } from "./score-completion.ts";

/** How completions are scored, as data: what a sweep file says and a run store keeps. */
export interface Scoring {
  /** The extraction order: one of EXTRACTION_PROFILES. */
  readonly profile: string;
  /** Formats of a person's own, name -> regular expression (RE2); each is a component `format_<name>`. */
  readonly formats: Readonly<Record<string, string>>;
  /** Scorers that were defined in code, by name. */
  readonly scorers?: Readonly<Record<string, { readonly version: number; readonly grades: boolean }>> | undefined;
}

/** A scoring with scorers of the caller's own; without any, as it was. */
export function withScorers(scoring: Scoring, own: readonly OwnScorer[] | undefined): Scoring {
  if (own === undefined) return scoring;
  const { scorers: _, ...rest } = scoring;
  if (own.length === 0) return rest;
  const scorers = own.map(({ name, version, grades = false }) => [name, { version, grades }] as const);
  return { ...rest, scorers: Object.fromEntries(scorers) };
}

/**
 * Compiles a scoring for `scoreCompletion`.
 *
 * @param own the scorers that were defined in code
 * @throws ConfigError if the profile is not known, a format is no safe expression, or a scorer is not at hand
 */
export function scoreOptionsOf(
  { profile, formats, scorers = {} }: Scoring,
  own: readonly OwnScorer[] = [],
): ScoreOptions {
  return {
    scorers: Object.entries(scorers).map(([name, { version }]) => ownScorer(name, version, own)),
    profile: extractionProfile(profile),
    customFormats: Object.fromEntries(
      Object.entries(formats).map(([name, pattern]) => [name, namedFormat(name, pattern)]),
    ),
  };
}

function ownScorer(name: string, version: number, own: readonly OwnScorer[]): OwnScorer {
  const found = own.find((scorer) => scorer.name === name && scorer.version === version);
  if (found !== undefined) return found;
  throw new ConfigError(`Expected the scorer ${name}@${version}, which was defined in code, found none`, {
    hint: "Score the run where it is defined: scoreRun(RUN, ROOT, { own: { scorers } }). Its report and comparisons need no scorer.",
  });
}

/** Column names that a `format_<name>` would hide. */
const TAKEN_NAMES: readonly string[] = ["low", "high", ...FORMAT_PARTS];

function namedFormat(name: string, pattern: string): ReturnType<typeof customFormat> {
  if (!/^[a-z]\w*$/.test(name) || TAKEN_NAMES.includes(name)) {
    throw new ConfigError(`"${name}" cannot name a format: expected a lower-case word that is not in use`, {
      hint: `In use are ${TAKEN_NAMES.join(", ")}.`,
    });
  }
  return customFormat(pattern);
}

/** @throws ConfigError if no profile has this name */
function extractionProfile(name: string): ExtractionProfile {
  const found = EXTRACTION_PROFILES.find((profile) => profile === name);
  if (found !== undefined) return found;
  throw new ConfigError(`There is no scoring profile "${name}"`, { hint: suggestion(name, EXTRACTION_PROFILES) });
}

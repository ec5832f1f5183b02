import { ConfigError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { EXTRACTION_PROFILES, type ExtractionProfile } from "./accuracy/extract/extract.ts";
import { customFormat } from "./custom-format.ts";
import { FORMAT_PARTS } from "./format.ts";
import type { ScoreOptions } from "./score-completion.ts";

/** How completions are scored, as data: what a sweep file says and a run store keeps. */
export interface Scoring {
  /** The extraction order: one of EXTRACTION_PROFILES. */
  readonly profile: string;
  /** Formats of a person's own, name -> regular expression (RE2); each is a component `format_<name>`. */
  readonly formats: Readonly<Record<string, string>>;
}

/**
 * Compiles a scoring for `scoreCompletion`.
 *
 * @throws ConfigError if the profile is not known or a format is no safe expression
 */
export function scoreOptionsOf({ profile, formats }: Scoring): ScoreOptions {
  return {
    profile: extractionProfile(profile),
    customFormats: Object.fromEntries(
      Object.entries(formats).map(([name, pattern]) => [name, namedFormat(name, pattern)]),
    ),
  };
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

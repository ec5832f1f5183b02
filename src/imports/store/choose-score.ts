import { UsageError } from "../../base/errors.ts";

/** What a person chose of several scores. */
export interface ScoreChoice {
  readonly filter?: string | undefined;
  readonly metric?: string | undefined;
}

/** Names of scores of one benchmark. */
export interface ScoredTask {
  readonly key: string;
  readonly name: string;
  /** The default first. */
  readonly scores: readonly string[];
}

/** `exact_match,strict-match` as metric and filter; names without a comma have no filter. */
function partsOf(score: string): { readonly metric: string; readonly filter: string | null } {
  const comma = score.lastIndexOf(",");
  return comma < 0
    ? { metric: score, filter: null }
    : { metric: score.slice(0, comma), filter: score.slice(comma + 1) };
}

/**
 * The score that counts as accuracy, for each benchmark: the one that was chosen, else the default. A benchmark that lacks
 * what was chosen keeps its default.
 *
 * @returns by key; a benchmark without any score is left out
 * @throws UsageError if no benchmark has what was chosen; it names what there is
 */
export function chooseScores(tasks: readonly ScoredTask[], choice: ScoreChoice): Map<string, string> {
  const fits = (score: string): boolean => {
    const { metric, filter } = partsOf(score);
    const metricFits = choice.metric === undefined || choice.metric === metric || choice.metric === score;
    return metricFits && (choice.filter === undefined || choice.filter === filter);
  };
  const chosen = new Map<string, string>();
  let fitting = 0;
  for (const { key, scores } of tasks) {
    const fit = scores.find(fits);
    const [first] = scores;
    if (fit !== undefined) fitting++;
    const score = fit ?? first;
    if (score !== undefined) chosen.set(key, score);
  }
  const asked = Object.entries(choice).filter(([, value]) => value !== undefined);
  if (asked.length === 0 || fitting > 0) return chosen;
  const flags = asked.map(([flag, value]) => `--${flag} ${value}`).join(" ");
  const all = tasks.map(({ name, scores }) => `  ${name}: ${scores.join("; ") || "no score"}`);
  throw new UsageError(`${flags}: expected a score of these results, found none of it:\n${all.join("\n")}`, {
    hint: "Behind a comma stands the filter.",
  });
}

/** Scores that count several attempts as one answer. */
export function countsSeveral(score: string): boolean {
  const name = score.replace("pass@k:", "");
  return /pass@(?!1\b)\w|pass_at_(?!1\b)|\bmaj|_maj|\bk=(?!1\b)\d/.test(name);
}

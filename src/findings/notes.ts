import { countOf } from "../base/count-of.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { missingPoints } from "./point-scores.ts";
import { describeSearch } from "./search-text.ts";
import type { SummaryRow } from "./summarize.ts";

/** What concerns the run as a whole: unfinished points, what was said of its models, points with the same weights, how it was scored and cut off. */
export function runNotes(run: StoredRun, rows: readonly SummaryRow[]): string[] {
  return [
    ...describeSearch(run),
    ...unfinished(run),
    ...(run.manifest.notes ?? []),
    ...twins(rows),
    ...scoring(run),
    ...repeats(run),
    ...hardware(run),
    ...cutOff(run),
  ];
}

function unfinished(run: StoredRun): string[] {
  const missing = missingPoints(run);
  const left =
    missing.length === 0
      ? []
      : [
          `Not finished, and left out here: ${missing.join(", ")} (${missing.length} of ${run.manifest.points.length}).`,
        ];
  const failed = run.failed.map(({ point, message, earlier }) =>
    [`${point} failed: ${message}`, ...earlier.map((death) => `Before: ${death}`)].join("\n"),
  );
  return [...left, ...failed];
}

function twins(rows: readonly SummaryRow[]): string[] {
  const pairs = new Map(rows.flatMap((row) => (row.sameAs === null ? [] : [[row.point, row.sameAs] as const])));
  return Array.from(
    pairs,
    ([point, original]) =>
      `${point} has the same weights as ${original}: evaluated once, shown twice, one point in all comparisons.`,
  );
}

function scoring({ manifest }: StoredRun): string[] {
  const { profile, formats, scorers = {} } = manifest.scoring;
  return [
    ...(profile === "default" || profile === "imported" ? [] : [`Answers were extracted by the profile "${profile}".`]),
    ...Object.entries(formats).map(([name, pattern]) => `format_${name} is 1 where ${pattern} matches.`),
    ...Object.entries(scorers).map(([name, { version, grades }]) =>
      grades
        ? `What is right is decided by ${name}@${version}, a scorer that was defined in code; strict accuracy is not known.`
        : `reward_${name} is from ${name}@${version}, a scorer that was defined in code.`,
    ),
  ];
}

function repeats(run: StoredRun): string[] {
  const repeated = run.evaluated.flatMap(({ result }) => result.repeated ?? []);
  if (repeated.length === 0) return [];
  const asked = repeated.reduce((total, one) => total + one.asked, 0);
  const same = repeated.reduce((total, one) => total + one.same, 0);
  return [
    `This runtime need not give the same text for the same seed: ${same} of ${countOf(asked, "completion that was", "completions that were")} asked for twice came out the same.`,
  ];
}

/** What several workers have made of one run. */
function hardware(run: StoredRun): string[] {
  const differing = run.evaluated.reduce((total, { result }) => total + (result.differing ?? 0), 0);
  const mixed = run.evaluated.flatMap(({ point, result }) => {
    if (result.builds === undefined) return [];
    const builds = Object.entries(result.builds).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [`${point.name}: ${builds.map(([build, count]) => `${count} by ${build}`).join(", ")}.`];
  });
  return [
    ...(mixed.length === 0 ? [] : [`Completions of one point were made by several builds. ${mixed.join(" ")}`]),
    ...(differing === 0
      ? []
      : [
          `${countOf(differing, "attempt was", "attempts were")} answered by two workers with different texts; the first file by name counts.`,
        ]),
  ];
}

/** Only where a completion was cut off. */
function cutOff(run: StoredRun): string[] {
  const maxTokens = run.manifest.max_tokens;
  let [cut, early] = [0, 0];
  for (const { tables } of run.evaluated) {
    for (const { columns } of tables) {
      columns.truncated.forEach((truncated, i) => {
        if (truncated !== 1) return;
        cut++;
        if (maxTokens !== null && (columns.tokens[i] ?? Number.NaN) < maxTokens) early++;
      });
    }
  }
  if (cut === 0) return [];
  const where = maxTokens === null || early === cut ? "" : ` at ${countOf(maxTokens, "token")}`;
  const context = early === 0 ? "" : `; ${early} of them earlier, where the context ended`;
  return [`${countOf(cut, "completion was", "completions were")} cut off${where}${context}: see the column "cut off".`];
}

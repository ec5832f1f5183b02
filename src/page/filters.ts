import type { PageBenchmark } from "../report/page/page-data.ts";
import type { Attempt, Scores } from "./scores.ts";
import type { View } from "./view.ts";

/** A way to choose questions by how two points, or all of them, answer them. */
export interface Filter {
  readonly id: string;
  /** With the names of the point under the slider and of the one that it is compared with. */
  readonly label: (point: string, other: string) => string;
  readonly matches: (own: Attempt | null, other: Attempt | null, all: () => readonly (Attempt | null)[]) => boolean;
}

/** Null where it is not known, or was not asked. */
function isRight(attempt: Attempt | null): boolean | null {
  return attempt === null || attempt.outcome === "unknown" ? null : attempt.outcome === "correct";
}

/** Whether a completion was stopped by the limit before it gave an answer. */
function isCutOff(attempt: Attempt | null): boolean {
  return attempt?.outcome === "truncated";
}

export const FILTERS: readonly Filter[] = [
  { id: "all", label: () => "all questions", matches: () => true },
  {
    id: "gained",
    label: (point, other) => `right at ${point}, wrong at ${other}`,
    matches: (own, other) => isRight(own) === true && isRight(other) === false,
  },
  {
    id: "lost",
    label: (point, other) => `wrong at ${point}, right at ${other}`,
    matches: (own, other) => isRight(own) === false && isRight(other) === true,
  },
  {
    id: "strict-lost",
    label: (point, other) => `boxed and right at ${other}, not at ${point}`,
    matches: (own, other) => own?.strict === false && other?.strict === true,
  },
  {
    id: "format-lost",
    label: (point, other) => `format kept at ${other}, lost at ${point}`,
    matches: (own, other) => own?.format === false && other?.format === true,
  },
  {
    id: "changed",
    label: (point, other) => `verdict or length changed from ${other} to ${point}`,
    matches: (own, other) =>
      own !== null &&
      other !== null &&
      (own.outcome !== other.outcome ||
        own.strict !== other.strict ||
        own.format !== other.format ||
        own.tokens !== other.tokens),
  },
  { id: "cut-off", label: (point) => `cut off at ${point}`, matches: isCutOff },
  { id: "no-answer", label: (point) => `no answer at ${point}`, matches: (own) => own?.outcome === "no_answer" },
  {
    id: "mixed",
    label: () => "right at one point, wrong at another",
    matches: (_, __, all) => {
      const verdicts = new Set(all().map(isRight));
      return verdicts.has(true) && verdicts.has(false);
    },
  },
];

/** Questions, by their places in the benchmark, and how many each filter would leave of those that the rest of the view allows. */
export interface Found {
  readonly questions: readonly number[];
  readonly counts: ReadonlyMap<string, number>;
  /** How many questions have each value of each label, with all else as it is. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/**
 * Applies the filters of a view.
 *
 * @param textsOf all that is searched of a question, in lower case; asked only where there is a text to find
 */
export function findQuestions(
  { questions }: PageBenchmark,
  scores: Scores,
  view: View,
  { points, textsOf }: { points: readonly string[]; textsOf: (question: number) => string },
): Found {
  const needle = view.text.trim().toLowerCase();
  const counts = new Map(FILTERS.map(({ id }) => [id, 0]));
  const labels = new Map<string, Map<string, number>>();
  const found: number[] = [];
  const chosen = FILTERS.find(({ id }) => id === view.filter) ?? FILTERS[0];
  questions.forEach((question, q) => {
    const failing = Object.entries(view.labels).filter(
      ([name, value]) => value !== "" && question.labels[name] !== value,
    );
    if (failing.length > 1 || (needle !== "" && !textsOf(q).includes(needle))) return;
    const own = scores.attempt(view.point, q, view.attempt);
    const other = scores.attempt(view.other, q, view.attempt);
    const all = (): (Attempt | null)[] => points.map((point) => scores.attempt(point, q, view.attempt));
    const passes = chosen?.matches(own, other, all) ?? true;
    if (passes) {
      for (const [name, value] of Object.entries(question.labels)) {
        if (failing.length > 0 && failing[0]?.[0] !== name) continue;
        const values = labels.get(name) ?? new Map<string, number>();
        labels.set(name, values.set(value, (values.get(value) ?? 0) + 1));
      }
    }
    if (failing.length > 0) return;
    if (passes) found.push(q);
    for (const { id, matches } of FILTERS) {
      if (matches(own, other, all)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  });
  return { questions: found, counts, labels };
}

import { countOf } from "../base/count-of.ts";
import type { SearchRecord } from "../runs/search-record.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { decidingSearch, ownSearch } from "./decision/raced.ts";
import { listed } from "./measures.ts";
import { decimal, percent } from "./numbers.ts";
import { RATE_NAMES } from "./objective.ts";

const ENDS: Readonly<Record<SearchRecord["stop"], string>> = {
  answered: "the objective is answered",
  budget: "the next block of questions would not have fitted its budget",
  "nothing more": "what is left would hardly decide (in fewer than 1 of 20 cases)",
  "all asked": "all questions have been asked of the points that are left",
};

/** A search in sentences: what it took, why it ended, what it put out and by which evidence, what it never asked. */
export function describeSearch(run: StoredRun): string[] {
  const search = ownSearch(run);
  if (search === undefined) return [];
  const questions = search.benchmarks.reduce((sum, one) => sum + one.questions, 0);
  const seen = search.looks.at(-1)?.questions ?? 0;
  const unasked = search.points.filter((name) => (search.asked[name] ?? 0) === 0);
  const share = search.grid_tokens === 0 ? 0 : search.tokens / search.grid_tokens;
  return [
    `A search went over ${countOf(search.points.length, "point")} in blocks of shared questions and ended at ${seen} of ${questions}: ${ENDS[search.stop]}. It took ${Math.round(search.tokens)} tokens; the whole grid would have taken about ${Math.round(search.grid_tokens)} (${percent(share, 0)}% of them were spent).`,
    ...search.looks.flatMap((look) => look.dropped.map((dropped) => droppedText(dropped, look.questions))),
    ...(unasked.length === 0 ? [] : [`Never asked by the search: ${listed(unasked)}.`]),
    ...(decidingSearch(run) === undefined
      ? ["All questions have been asked of all points since: the decision is that of the whole grid."]
      : [
          `The decision is the search's: its bounds hold for all its looks together (${percent(search.confidence, 0)}% confidence), and say nothing of points that it never asked. Each point's figures are of the questions that it was asked, a random sample; points that were put out were asked fewer.`,
        ]),
  ];
}

function droppedText(
  { point, why, by, measure, difference, t, critical }: SearchRecord["looks"][number]["dropped"][number],
  questions: number,
): string {
  const what = `${decimal(100 * difference)} points of ${RATE_NAMES[measure]} below ${by}`;
  const reason =
    why === "loses" ? `more than may be lost: ${what}` : `no better in anything than ${by}, and dearer: ${what}`;
  return `${point} was out after ${countOf(questions, "question")}: ${reason} (t = ${decimal(t)}, ${decimal(critical)} is enough).`;
}

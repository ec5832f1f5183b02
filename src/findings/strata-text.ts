import { countOf } from "../base/count-of.ts";
import { listed } from "./measures.ts";
import type { SummaryRow } from "./summarize.ts";

/** Which points were asked samples of the questions, and that their figures know of it; empty where none was. */
export function strataNote(rows: readonly SummaryRow[]): string {
  const benchmarks = new Set(rows.map(({ benchmark }) => benchmark)).size;
  const sampled = rows.flatMap(({ point, benchmark, samples, standsFor }) => {
    if (standsFor === undefined) return [];
    const where = benchmarks > 1 ? ` on ${benchmark}` : "";
    return [`${point}${where} (${samples} for ${countOf(Math.round(standsFor), "question")})`];
  });
  if (sampled.length === 0) return "";
  return `A search asked samples of the questions, fewer of those that the ends answer alike: ${listed(sampled)}. All figures of these points, their intervals and comparisons, in tables and pictures, are weighted by stratum.`;
}

import { ALL_BENCHMARKS, type Judged } from "./claims.ts";
import { type Sentence, sentenceOf } from "./describe-benchmark.ts";
import type { Evidence } from "./evidence.ts";
import { MEASURES, writeEffect, writeP } from "./measures.ts";
import { direction } from "./shape.ts";

/** What all benchmarks together say of the axis, and whether it acts on them alike. */
export function describeTogether(evidence: readonly Evidence[], judged: readonly Judged[]): Sentence[] {
  if (evidence.length < 2) return [];
  const own = judged.filter(({ benchmark }) => benchmark === ALL_BENCHMARKS);
  const trends = own.filter(({ kind }) => kind === "trend");
  const between = own.filter(({ kind }) => kind === "between benchmarks");
  return [
    ...trends.map((claim) => {
      const verb = { 1: "rises", [-1]: "falls", 0: "has no trend that was found" }[direction(claim)] ?? "";
      const text = `${nameOf(claim)}, mean of ${evidence.length} benchmarks, ${verb} from ${claim.points[0]} to ${claim.points.at(-1)} (upper part against lower: ${writeEffect(claim)}, ${writeP(claim)}).`;
      return sentenceOf(claim, text);
    }),
    ...between
      .filter((claim) => direction({ ...claim, z: 1 }) !== 0)
      .map((claim) =>
        sentenceOf(claim, `${nameOf(claim)}: the axis does not act alike on all benchmarks (${writeP(claim)}).`),
      ),
  ];
}

function nameOf(claim: Judged): string {
  return MEASURES[claim.measure ?? "accuracy"].name;
}

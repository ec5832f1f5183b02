import { normalQuantile } from "../stats/distributions.ts";
import { quantile } from "../stats/quantile.ts";
import { ALL_BENCHMARKS, type Judged, SIGNIFICANT } from "./claims.ts";
import { described, type Sentence, sentenceOf } from "./describe-benchmark.ts";
import type { Evidence } from "./evidence.ts";
import { listed, MEASURES, writeEffect, writeP } from "./measures.ts";
import { decimal } from "./numbers.ts";
import { direction } from "./shape.ts";

/** What all benchmarks together say of the axis, and whether it acts on them alike. */
export function describeTogether(
  evidence: readonly Evidence[],
  judged: readonly Judged[],
  criticalZ: number,
): Sentence[] {
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
    ...toldApart(own, evidence.length),
    ...moreSeeds(evidence, own, criticalZ),
  ];
}

/** Which of the pairs that were compared differ in accuracy on the mean of all benchmarks. */
function toldApart(own: readonly Judged[], benchmarks: number): Sentence[] {
  const pairs = own.filter(({ kind }) => kind === "difference");
  const measure = pairs.some((claim) => claim.measure === "accuracy_strict") ? "accuracy_strict" : "accuracy";
  const compared = pairs.filter((claim) => claim.measure === measure);
  if (compared.length < 2) return [];
  const found = compared.filter((claim) => direction(claim) !== 0);
  const parts = found.map((claim) => `${claim.points[0]} against ${claim.points[1]} (${writeEffect(claim)})`);
  const shown =
    parts.length > MOST_PAIRS ? [...parts.slice(0, MOST_PAIRS), `${parts.length - MOST_PAIRS} more`] : parts;
  const name = MEASURES[measure].name.toLowerCase();
  const text =
    found.length === 0
      ? `On the mean of ${benchmarks} benchmarks, none of the ${compared.length} pairs that were compared can be told apart in ${name} (adjusted p >= ${SIGNIFICANT}).`
      : `On the mean of ${benchmarks} benchmarks, of the ${compared.length} pairs that were compared, ${found.length} ${found.length === 1 ? "differs" : "differ"} in ${name}: ${listed(shown)}.`;
  return [{ ...described({ benchmark: ALL_BENCHMARKS }, "note", text), measure }];
}

/** What whole runs could have told: how large a difference has to be, and what a point of percent would take. */
function moreSeeds(evidence: readonly Evidence[], own: readonly Judged[], criticalZ: number): Sentence[] {
  if (evidence.some(({ unit }) => unit !== "run")) return [];
  const halves = own.flatMap(({ kind, measure, low, high }) =>
    kind === "difference" && measure === "accuracy" && low !== null && high !== null ? [(high - low) / 2] : [],
  );
  const half = quantile(
    halves.toSorted((a, b) => a - b),
    0.5,
  );
  if (half === null || half === 0) return [];
  const found = ((criticalZ + POWER) / normalQuantile(0.975)) * half;
  const runs = evidence.reduce((total, { questions }) => total + questions.length, 0);
  const factor = (found / 0.01) ** 2;
  const seeds = factor <= 1 ? "" : ` A difference of 1 point would take about ${rounded(factor)} times as many seeds.`;
  const text = `With these ${runs} runs of each point, a difference between two points on the mean of ${evidence.length} benchmarks has to be about ${decimal(100 * found)} points to be found in four of five repetitions.${seeds}`;
  return [{ ...described({ benchmark: ALL_BENCHMARKS }, "note", text), measure: "accuracy" }];
}

/** 80% power, of a normal. */
const POWER = 0.84;

/** One digit below ten, two above: more would be invented. */
function rounded(factor: number): string {
  return String(Number(factor.toPrecision(factor < 10 ? 1 : 2)));
}

const MOST_PAIRS = 12;

function nameOf(claim: Judged): string {
  return MEASURES[claim.measure ?? "accuracy"].name;
}

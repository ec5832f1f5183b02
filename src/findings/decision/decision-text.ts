import { CONFIDENCE } from "../../stats/interval.ts";
import { ALL_BENCHMARKS } from "../claims.ts";
import type { RateId } from "../evidence.ts";
import { listed, MEASURES } from "../measures.ts";
import { decimal, percent } from "../numbers.ts";
import { describeObjective, keptMeasures, RATE_NAMES } from "../objective.ts";
import type { Decided, Decision } from "./decision.ts";

/** Puts a decision into words: the first sentence answers the objective. */
export function wordDecision(decided: Decided): Decision {
  const sentences = [
    answer(decided),
    useful(decided),
    figure(decided),
    more(decided),
    sameQuestions(decided),
    objectiveNote(decided),
  ];
  return { ...decided, text: sentences.filter((sentence) => sentence !== "").join(" ") };
}

function answer(decided: Decided): string {
  const { point, objective, benchmark, confidence } = decided;
  const where = benchmark === ALL_BENCHMARKS ? " on the mean of all benchmarks" : "";
  if (point === null && decided.candidates.length === 0) {
    return `No point has ${describeObjective(objective, confidence)}${where}: each loses more than that in one measure or another for sure.`;
  }
  if (point === null) {
    return `${countedIn(decided, decided.questions)} cannot tell which point has ${describeObjective(objective, confidence)}${where}: ${racing(decided)}.`;
  }
  if ("maximise" in objective) {
    return `${point} has the highest ${RATE_NAMES[objective.maximise]}${where}: every other point is lower with ${percent(confidence ?? CONFIDENCE, 0)}% confidence.`;
  }
  const cheaper = decided.candidates.filter((name) => name !== point);
  const open = cheaper.length === 0 ? "" : ` Cheaper, and not out of the race, but not safe: ${listed(cheaper)}.`;
  return `Choose ${point}: of the points that for sure lose no more than the objective allows${where} it takes the fewest tokens (${tokensText(decided)}), and it loses at most ${lossText(decided)}.${open}`;
}

/** `500 questions`, `39 runs over the same questions`. */
function countedIn({ unit }: Decided, count: number): string {
  return unit === "run" ? `${count} runs of each point over the same questions` : `${count} questions`;
}

function racing({ candidates, objective }: Decided): string {
  const what = "maximise" in objective ? "may be the highest" : "are still in the race";
  if (candidates.length === 1)
    return `only ${candidates[0]} is still in the race, but what it loses is not known well enough`;
  return candidates.length > 6
    ? `${candidates.length} points ${what}, ${candidates[0]} first`
    : `${listed(candidates)} ${what}`;
}

function useful(decided: Decided): string {
  const { useful: name, objective } = decided;
  if (name === null) return "";
  if ("maximise" in objective) {
    return `${name} is the highest as seen, and loses at most ${lossText(decided)} against the best.`;
  }
  const open = keptMeasures(objective)
    .filter(({ measure, margin }) => (decided.loses_at_most[measure] ?? 0) > margin)
    .map(({ measure, margin }) => `at most ${decimal(100 * margin, 0)} of ${RATE_NAMES[measure]}`);
  const untold = open.length === 0 ? "" : `; whether ${listed(open)} cannot be told`;
  return `${name}, the cheapest of them, takes ${tokensText(decided)} and loses at most ${lossText(decided)}${untold}.`;
}

/** `47% of the tokens of w=0 [45, 49]`. */
function tokensText({ tokens_ratio: ratio }: Decided): string {
  if (ratio === null) return "lengths are not known";
  const range =
    ratio.low === null || ratio.high === null ? "" : ` [${percent(ratio.low, 0)}, ${percent(ratio.high, 0)}]`;
  return ratio.value === 1
    ? `as many tokens as ${ratio.baseline}`
    : `${percent(ratio.value, 0)}%${range} of the tokens of ${ratio.baseline}`;
}

/** `3.1 points of strict accuracy and 0.9 of format`. */
function lossText({ loses_at_most: losses, objective }: Decided): string {
  const measures: readonly RateId[] =
    "maximise" in objective ? [objective.maximise] : keptMeasures(objective).map(({ measure }) => measure);
  const kept = measures.flatMap((measure) => {
    const loss = losses[measure];
    return loss === undefined ? [] : [`${loss <= 0 ? "nothing" : decimal(100 * loss)} of ${RATE_NAMES[measure]}`];
  });
  const lenient = losses.accuracy;
  const beside =
    measures.includes("accuracy") || lenient === undefined
      ? ""
      : ` (of lenient accuracy ${decimal(100 * Math.max(0, lenient))})`;
  return `${listed(kept).replace(/^([\d.]+) of/, "$1 points of")}${beside}`;
}

function figure({ figure: found, point, useful: name }: Decided): string {
  if (found === null) return "";
  const corrected =
    found.corrected === null || Math.abs(found.corrected - found.seen) < 0.0005
      ? ""
      : `, ${percent(found.corrected)}% with the luck of the choice taken out`;
  return `${MEASURES[found.measure].name} of ${point ?? name}: ${percent(found.seen)}% [${percent(found.low)}, ${percent(found.high)}]${corrected}.`;
}

function more(decided: Decided): string {
  const { questions_needed: needed, questions, attempts, confident, candidates, unit } = decided;
  if (confident || candidates.length === 0) return "";
  const decides =
    needed === null
      ? `Even a thousand times as many ${unit === "run" ? "runs" : "questions"} would not decide: too many points are nearly alike.`
      : `About ${rounded(needed)} ${unit === "run" ? "runs over the same questions" : "questions"} would decide (${rounded(needed / 2)} to ${rounded(2 * needed)}; here are ${questions}).`;
  if (attempts === null || unit === "run") return decides;
  if (attempts.kind === "greedy") return `${decides} More attempts bring nothing: generation is greedy.`;
  if (attempts.kind === "unknown") {
    return `${decides} Whether attempts would help as much cannot be told from one attempt each.`;
  }
  const enough =
    attempts.attempts === null
      ? "no number of attempts at these questions would decide between them"
      : `about ${rounded(Math.max(1, attempts.attempts))} attempts at each of these questions would do as well`;
  return `${decides} For ${listed(attempts.pair)}, ${enough}.`;
}

function sameQuestions({ unit }: Decided): string {
  return unit === "run"
    ? "Whether this holds for other questions cannot be told: only the accuracies of whole runs are known."
    : "";
}

function objectiveNote({ stated, objective, missing, confidence }: Decided): string {
  if (stated) return "";
  const without = missing.length === 0 ? "" : ` Not measured here: ${listed(missing)}.`;
  return `(No objective is stated; this is the default: ${describeObjective(objective, confidence)}.)${without}`;
}

/** One digit: more would be invented. */
function rounded(value: number): string {
  return Number(value.toPrecision(1)).toLocaleString("en-US");
}

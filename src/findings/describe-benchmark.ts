import { bandCritical } from "../stats/family.ts";
import { varianceComponents } from "../stats/variance-shares.ts";
import type { AxisLevels } from "./axis-levels.ts";
import { type Claim, type Judged, SIGNIFICANT } from "./claims.ts";
import { acrossRuns } from "./contrasts.ts";
import { type Evidence, MEASURE_IDS, type MeasureId, measureOf } from "./evidence.ts";
import { listed, MEASURES, writeEffect, writeP } from "./measures.ts";
import { decimal, percent } from "./numbers.ts";
import { curveOf, direction, shapeOf, turn } from "./shape.ts";
import type { SummaryRow } from "./summarize.ts";

/** A sentence that is yet to be named. */
export type Sentence = Omit<Claim, "id" | "shown">;

/** What the claims about one benchmark come to, in the order of a page. */
export function describeBenchmark(
  evidence: Evidence,
  judged: readonly Judged[],
  levels: readonly AxisLevels[],
  rows: readonly SummaryRow[],
  greedy: boolean,
): Sentence[] {
  const own = judged.filter(({ benchmark }) => benchmark === evidence.benchmark);
  return [
    ...levels.flatMap((one) => shapes(evidence, own, one)),
    ...interactions(own),
    ...levels.flatMap((one) => beyondInterpolation(evidence, own, one)),
    ...differences(evidence, own),
    ...truncation(evidence, rows),
    ...otherQuestions(evidence),
    ...variance(evidence, greedy),
  ];
}

function shapes(evidence: Evidence, own: readonly Judged[], level: AxisLevels): Sentence[] {
  if (level.levels.length < 2) return [];
  const sentences = MEASURE_IDS.flatMap((measure) => {
    const curve = curveOf(evidence, level, measure, own);
    return curve === undefined
      ? []
      : shapeOf(curve).map(
          ({ text, from, points }): Sentence => ({
            ...described(evidence, "shape", text),
            ...numbersOf(from),
            measure,
            points,
          }),
        );
  });
  const left =
    level.incomplete.length === 0
      ? []
      : [
          described(
            evidence,
            "note",
            `What is said of ${level.axis} rests on ${listed(level.lines)} only: ${listed(level.incomplete)} ${level.incomplete.length === 1 ? "lacks" : "lack"} a finished point.`,
          ),
        ];
  const over = level.lines.length > 1 ? ` (means over ${level.lines.length} complete lines of the grid)` : "";
  return [...sentences.map((sentence) => ({ ...sentence, text: sentence.text.replace(/\.$/, `${over}.`) })), ...left];
}

function numbersOf(claim: Judged | undefined): Partial<Sentence> {
  if (claim === undefined) return {};
  const { estimate, low, high, scale, p, p_adjusted, questions } = claim;
  return { estimate, low, high, scale, p, p_adjusted, questions };
}

/** A sentence without numbers of its own. */
export function described(evidence: Pick<Evidence, "benchmark">, kind: Claim["kind"], text: string): Sentence {
  return {
    kind,
    measure: null,
    benchmark: evidence.benchmark,
    points: [],
    estimate: null,
    low: null,
    high: null,
    scale: null,
    p: null,
    p_adjusted: null,
    questions: null,
    text,
  };
}

function interactions(own: readonly Judged[]): Sentence[] {
  return own
    .filter((claim) => claim.kind === "interaction" && direction(claim) !== 0)
    .map((claim) =>
      sentenceOf(
        claim,
        `${nameOf(claim)}: what ${claim.points[0]} does depends on ${claim.points[1]} (${writeEffect(claim)}, ${writeP(claim)}).`,
      ),
    );
}

/** Whether merging beats drawing a straight line between the two ends. */
function beyondInterpolation(evidence: Evidence, own: readonly Judged[], { axis, levels }: AxisLevels): Sentence[] {
  if (levels.length < 3) return [];
  const chords = own.filter(({ kind, tested }) => kind === "chord" && tested?.axis === axis);
  const found = chords.filter((claim) => direction(claim) !== 0);
  const ends = `${levels[0]?.label} and ${levels.at(-1)?.label}`;
  const better = (["accuracy", "accuracy_strict", "format"] as const).flatMap((measure) => {
    const [best] = found.filter((claim) => claim.measure === measure && claim.z > 0).toSorted((a, b) => b.z - a.z);
    return best === undefined ? [] : [best];
  });
  const sentences = better.map((best) => {
    const shorter = found.find(
      ({ measure, z, points }) => measure === "tokens" && z < 0 && points[0] === best.points[0],
    );
    const also = shorter === undefined ? "" : `, with ${writeEffect(shorter)} against that line`;
    return sentenceOf(
      best,
      `Merging beats interpolating: ${nameOf(best).toLowerCase()} of ${best.points[0]} is above the straight line between ${ends} (${writeEffect(best)}, ${writeP(best)}${also}).`,
    );
  });
  const below = found.filter(({ measure, z }) => measure !== "tokens" && z < 0).toSorted((a, b) => a.z - b.z)[0];
  if (sentences.length > 0) return sentences;
  if (below !== undefined) {
    const text = `${nameOf(below)} of ${below.points[0]} is below the straight line between ${ends} (${writeEffect(below)}, ${writeP(below)}), and no merge was found above it.`;
    return [sentenceOf(below, text)];
  }
  return [
    described(
      evidence,
      "note",
      `No merge was found to be better than a straight line between ${ends} in accuracy or format.`,
    ),
  ];
}

/** The critical value of a simultaneous band over the chords of one measure. */
export function chordBand(
  judged: readonly Judged[],
  measure: Judged["measure"],
  benchmark: string,
): number | undefined {
  const chords = judged.flatMap(({ kind, tested, measure: own, benchmark: where }) =>
    kind === "chord" && own === measure && where === benchmark && tested !== null ? [tested.found] : [],
  );
  return chords.length === 0 ? undefined : bandCritical(chords);
}

/** Accuracy of the points against each baseline: those that differ, and how many do not. */
function differences(evidence: Evidence, own: readonly Judged[]): Sentence[] {
  const measure = evidence.columns.accuracy_strict.columns.some((column) => column.some((v) => !Number.isNaN(v)))
    ? "accuracy_strict"
    : "accuracy";
  const pairs = own.filter(
    ({ kind, measure: about, tested }) => kind === "difference" && about === measure && tested?.axis === null,
  );
  const all = evidence.points.map(({ point }) => point);
  const sameElsewhere = acrossRuns(all).flatMap(
    ([a, b]) => own.find((claim) => claim.measure === measure && isPair(claim, all[a]?.name, all[b]?.name)) ?? [],
  );
  const references = all.filter(({ kind }) => kind === "reference").map(({ name }) => name);
  const first = evidence.points.find(({ point }) => point.kind === "point")?.point.name;
  const between: Sentence[] = sameElsewhere.length < 2 ? [] : [acrossRunsSentence(evidence, measure, sameElsewhere)];
  const baselines = [first, ...references].flatMap((baseline): Sentence[] => {
    const against = pairs
      .filter(({ points }) => points.includes(baseline ?? ""))
      .map((claim) => (claim.points[1] === baseline ? claim : turn(claim)))
      .filter(({ points }) => !references.includes(points[0] ?? ""))
      .toSorted((a, b) => (evidence.place(a.points[0] ?? "") ?? 0) - (evidence.place(b.points[0] ?? "") ?? 0));
    if (against.length < 2) return [];
    const found = against.filter((claim) => direction(claim) !== 0);
    const rest = against.length - found.length;
    const name = MEASURES[measure].name.toLowerCase();
    const parts = found.map((claim) => `${claim.points[0]} (${writeEffect(claim)})`);
    const others = rest === 0 ? "" : `; no difference was found at the other ${rest === 1 ? "one" : rest}`;
    return [
      described(
        evidence,
        "note",
        found.length === 0
          ? `Against ${baseline}, no difference in ${name} was found at any of ${against.length} points (adjusted p >= ${SIGNIFICANT}).`
          : `Against ${baseline}, ${name} differs at ${listed(parts)}${others}.`,
      ),
    ];
  });
  return [...between, ...baselines];
}

function isPair({ points }: Judged, a: string | undefined, b: string | undefined): boolean {
  return points.length === 2 && points.includes(a ?? "") && points.includes(b ?? "");
}

/** The same point in two runs. */
function acrossRunsSentence(evidence: Evidence, measure: MeasureId, claims: readonly Judged[]): Sentence {
  const name = MEASURES[measure].name.toLowerCase();
  const found = claims.filter((claim) => direction(claim) !== 0);
  const parts = found.map((claim) => `${claim.points[0]} from ${claim.points[1]} (${writeEffect(claim)})`);
  const rest = claims.length - found.length;
  return described(
    evidence,
    "note",
    found.length === 0
      ? `Between the runs, no difference in ${name} was found at any of ${claims.length} points.`
      : `Between the runs, ${name} differs: ${listed(parts)}${rest === 0 ? "" : `; no difference was found at the other ${rest === 1 ? "one" : rest}`}.`,
  );
}

/** Accuracy that moves with the share of answers that were cut off is no skill. */
function truncation(evidence: Evidence, rows: readonly SummaryRow[]): Sentence[] {
  const cut = rows.flatMap(({ point, kind, truncated }) =>
    kind === "point" && truncated !== null ? [{ point, truncated }] : [],
  );
  const [least, most] = [
    cut.toSorted((a, b) => a.truncated - b.truncated)[0],
    cut.toSorted((a, b) => b.truncated - a.truncated)[0],
  ];
  if (least === undefined || most === undefined || most.truncated === 0) return [];
  const spread = most.truncated - least.truncated;
  if (spread < 0.005) return [];
  return [
    described(
      evidence,
      "note",
      `Answers were cut off between ${percent(least.truncated)}% (${least.point}) and ${percent(most.truncated)}% (${most.point}) of the time: up to ${decimal(100 * spread)} points of any difference in accuracy may come from max_tokens alone. accuracy_completed leaves those attempts out; what is left is a selection, not the same questions.`,
    ),
  ];
}

function otherQuestions({ points, questions, benchmark, unit }: Evidence): Sentence[] {
  const fewer = points.filter(({ table }) => table.samples.length < questions.length);
  if (fewer.length === 0) return [];
  const weighted = fewer.some(({ table }) => table.weights !== undefined);
  const parts = fewer.map(({ point, table }) => `${point.name} (${table.samples.length})`);
  return [
    described(
      { benchmark },
      "note",
      `Not every point ${unit === "run" ? `has all ${questions.length} runs` : `was asked all ${questions.length} questions`}: ${listed(parts.slice(0, 8))}${parts.length > 8 ? " and others" : ""}. Points are compared on the ${unit === "run" ? "runs that both have" : "questions that both were asked"}; how many is with each claim.${weighted ? " Samples of questions are weighted by stratum." : ""}`,
    ),
  ];
}

function variance(evidence: Evidence, greedy: boolean): Sentence[] {
  if (evidence.unit === "run") return [];
  const places = evidence.points.flatMap(({ point }, place) => (point.kind === "point" ? [place] : []));
  const shares =
    places.length === 0
      ? null
      : varianceComponents(measureOf(evidence, "accuracy", places), evidence.attempts[places[0] ?? 0] ?? 1, greedy);
  if (shares === null) return [];
  const n = evidence.questions.length;
  const error = (questions: number, attempts: number): number =>
    Math.sqrt((shares.between + (shares.within ?? 0) / attempts) / questions);
  const k = shares.attemptsEach;
  const now = 100 * error(n, k);
  const parts = [
    `${percent(shares.questions, 0)}% the question`,
    `${percent(shares.points, 0)}% the question at this point`,
    ...(shares.attempts === null || greedy ? [] : [`${percent(shares.attempts, 0)}% the attempt`]),
  ];
  const attempt =
    shares.within === null
      ? "what another attempt would bring cannot be told from one"
      : greedy
        ? "another attempt brings nothing, as generation is greedy"
        : `one more attempt each brings it to ${decimal(100 * error(n, k + 1), 2)}`;
  return [
    described(
      evidence,
      "note",
      `Whether an answer is right depends to ${listed(parts)}. The standard error of a point's accuracy is ${decimal(now, 2)} points; a tenth more questions brings it to ${decimal(100 * error(1.1 * n, k), 2)}, ${attempt}.`,
    ),
  ];
}

const nameOf = (claim: Judged): string => MEASURES[claim.measure ?? "accuracy"].name;

/** A claim in words. */
export function sentenceOf(claim: Judged, text: string): Sentence {
  const { kind, measure, benchmark, points, estimate, low, high, scale, p, p_adjusted, questions } = claim;
  return { kind, measure, benchmark, points, estimate, low, high, scale, p, p_adjusted, questions, text };
}

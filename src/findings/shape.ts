import type { AxisLevels } from "./axis-levels.ts";
import { type Judged, SIGNIFICANT } from "./claims.ts";
import { meanOf } from "./decision/contenders.ts";
import type { Evidence, MeasureId } from "./evidence.ts";
import { listed, MEASURES, writeEffect, writeP } from "./measures.ts";

/** A measure along an axis: its levels, their means, and what the family says of pairs of them. */
export interface Curve {
  readonly axis: string;
  readonly measure: MeasureId;
  readonly labels: readonly string[];
  /** Arithmetic means of the levels; what a reader sees. */
  readonly means: readonly number[];
  /** The claim about level a against level b, turned so; undefined where it is not asked. */
  readonly against: (a: number, b: number) => Judged | undefined;
  readonly trend: Judged | undefined;
}

/** A sentence about the shape of a curve, and the claim whose sign, size, interval and p it states. */
export interface Shape {
  readonly text: string;
  readonly from: Judged | undefined;
  readonly points: readonly string[];
}

/** A curve of one measure on one benchmark. */
export function curveOf(
  evidence: Evidence,
  { axis, levels }: AxisLevels,
  measure: MeasureId,
  judged: readonly Judged[],
): Curve | undefined {
  const own = judged.filter((one) => one.benchmark === evidence.benchmark && one.measure === measure);
  const means = levels.map(({ points }) => levelMean(evidence, measure, points));
  if (means.some((mean) => mean === undefined)) return undefined;
  const labels = levels.map(({ label }) => label);
  return {
    axis,
    measure,
    labels,
    means: means.map((mean) => mean ?? 0),
    against: (a, b) => find(own, labels[a] ?? "", labels[b] ?? ""),
    trend: own.find(({ kind, tested }) => kind === "trend" && tested?.axis === axis),
  };
}

/** The mean over the questions that every point of the level was asked, each point the same. */
function levelMean(evidence: Evidence, measure: MeasureId, points: readonly string[]): number | undefined {
  const means = points.map((name) => meanOf(evidence.columns[measure], evidence.place(name) ?? -1));
  return means.some(Number.isNaN) ? undefined : means.reduce((a, b) => a + b, 0) / means.length;
}

function find(own: readonly Judged[], a: string, b: string): Judged | undefined {
  const pairwise = own.filter(({ kind, points }) => (kind === "difference" || kind === "step") && points.length === 2);
  const straight = pairwise.find(({ points }) => points[0] === a && points[1] === b);
  if (straight !== undefined) return straight;
  const turned = pairwise.find(({ points }) => points[0] === b && points[1] === a);
  return turned === undefined ? undefined : turn(turned);
}

/** The same claim seen from the other side. */
export function turn(claim: Judged): Judged {
  const invert = (value: number | null): number | null =>
    value === null ? null : claim.scale === "ratio" ? 1 / value : -value;
  return {
    ...claim,
    points: claim.points.toReversed(),
    estimate: invert(claim.estimate),
    low: invert(claim.high),
    high: invert(claim.low),
    z: -claim.z,
  };
}

/** 1 where a claim says more, -1 where less, 0 where no difference was found. */
export function direction(claim: Judged | undefined): number {
  if (claim === undefined || claim.p_adjusted === null || claim.p_adjusted >= SIGNIFICANT) return 0;
  return Math.sign(claim.z);
}

/** Says what a curve does: level, rising, falling, highest or lowest inside, and where most of a change lies. */
export function shapeOf(curve: Curve): Shape[] {
  const last = curve.labels.length - 1;
  const inside = insideExtreme(curve);
  if (inside !== undefined) return [inside];
  const ends = curve.against(last, 0);
  const turned = direction(ends);
  if (ends !== undefined && turned !== 0) return [monotone(curve, ends, turned), ...steepestPart(curve, turned)];
  return [withoutEnds(curve, ends)];
}

const at = (curve: Curve, level: number): string =>
  `${MEASURES[curve.measure].write(curve.means[level] ?? 0)} at ${curve.labels[level]}`;

const rangeOf = (curve: Curve, from: number, to: number): string => {
  const { write } = MEASURES[curve.measure];
  const values = curve.means.slice(from, to + 1);
  const [least, most] = [write(Math.min(...values)), write(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
};

const name = (curve: Curve): string => MEASURES[curve.measure].name;

/** A level that is above both ends, or below both. */
function insideExtreme(curve: Curve): Shape | undefined {
  const last = curve.labels.length - 1;
  const inner = curve.labels.map((_, i) => i).slice(1, -1);
  for (const [sign, word] of [
    [1, "highest"],
    [-1, "lowest"],
  ] as const) {
    const levels = inner.filter(
      (i) => direction(curve.against(i, 0)) === sign && direction(curve.against(i, last)) === sign,
    );
    const best = levels.toSorted((a, b) => sign * ((curve.means[b] ?? 0) - (curve.means[a] ?? 0)))[0];
    if (best === undefined) continue;
    const [first, second] = [curve.against(best, 0), curve.against(best, last)];
    const weaker = (first?.p_adjusted ?? 1) >= (second?.p_adjusted ?? 1) ? first : second;
    if (weaker === undefined) continue;
    return {
      text:
        `${name(curve)} is ${word} inside: ${at(curve, best)} (chosen after the fact), against ${at(curve, 0)} and ` +
        `${at(curve, last)} (${writeEffect(weaker)} against ${weaker.points[1]}, ${writeP(weaker)}).`,
      from: weaker,
      points: [curve.labels[0] ?? "", curve.labels[best] ?? "", curve.labels[last] ?? ""],
    };
  }
  return undefined;
}

function monotone(curve: Curve, ends: Judged, sign: number): Shape {
  const last = curve.labels.length - 1;
  const verb = sign > 0 ? "rises" : "falls";
  const fromFirst = curve.labels.map((_, i) => direction(curve.against(i, 0)));
  const fromLast = curve.labels.map((_, i) => direction(curve.against(i, last)));
  const [start, end] = [lengthOfRun(fromFirst, fromLast, -sign, 1), lengthOfRun(fromLast, fromFirst, sign, -1)];
  const effect = `${writeEffect(ends)} between the ends, ${writeP(ends)}`;
  const level = (from: number, to: number): string =>
    `level from ${curve.labels[from]} to ${curve.labels[to]} (${rangeOf(curve, from, to)}: no difference was found)`;
  let text = `${verb} from ${at(curve, 0)} to ${at(curve, last)}`;
  if (start > 0 && end > 0 && start + end < last) {
    text = `is ${level(0, start)}, then ${verb}, and is ${level(last - end, last)}`;
  } else if (start > 0) text = `is ${level(0, start)} and ${departure(curve, start, sign)}`;
  else if (end > 0) text = `${verb} from ${at(curve, 0)} and is then ${level(last - end, last)}`;
  return {
    text: `${name(curve)} ${text} (${effect}).`,
    from: ends,
    points: [curve.labels[0] ?? "", curve.labels[last] ?? ""],
  };
}

/** How a curve leaves the level that it had up to `start`. */
function departure(curve: Curve, start: number, sign: number): string {
  const last = curve.labels.length - 1;
  const drop = sign * ((curve.means[start] ?? 0) - (curve.means[last] ?? 0));
  const breaks = curve.measure !== "tokens" && sign < 0 && -drop >= BREAK;
  const verb = breaks ? "breaks" : sign > 0 ? "rises" : "falls";
  const next = start + 1 < last ? `${at(curve, start + 1)}, ` : "";
  return `${verb} above ${curve.labels[start]}: ${next}${at(curve, last)}`;
}

/**
 * How many levels from one end on are like that end and unlike the other.
 *
 * @param own differences from the end that is looked from
 * @param other differences from the other end, which have this sign
 */
function lengthOfRun(own: readonly number[], other: readonly number[], sign: number, step: 1 | -1): number {
  const last = own.length - 1;
  const start = step === 1 ? 0 : last;
  let count = 0;
  while (count < last - 1) {
    const i = start + step * (count + 1);
    if (own[i] !== 0 || other[i] !== sign) break;
    count++;
  }
  return count;
}

/** What is most of a change: three quarters of it in one step, or half of it in two. */
const MOST = { 1: 0.75, 2: 0.5 } as const;
/** A rate that loses so much at once breaks. */
const BREAK = 0.2;

function steepestPart(curve: Curve, sign: number): Shape[] {
  const last = curve.labels.length - 1;
  if (last < 3) return [];
  const whole = Math.abs((curve.means[last] ?? 0) - (curve.means[0] ?? 0));
  for (const reach of [1, 2] as const) {
    const parts = curve.labels
      .map((_, i) => ({ from: i, change: sign * ((curve.means[i + reach] ?? Number.NaN) - (curve.means[i] ?? 0)) }))
      .filter(({ change }) => change >= MOST[reach] * whole)
      .toSorted((a, b) => b.change - a.change);
    const part = parts[0];
    if (part === undefined) continue;
    const claim = curve.against(part.from + reach, part.from);
    if (claim === undefined || direction(claim) !== sign) continue;
    const [from, to] = [curve.labels[part.from], curve.labels[part.from + reach]];
    const places = `between ${from} and ${to}`;
    const values = `from ${at(curve, part.from)} to ${at(curve, part.from + reach)}`;
    const what = changeWord(curve.measure, sign, claim.estimate, places);
    return [
      {
        text: `${what}: ${values} (${writeEffect(claim)}, ${writeP(claim)}), ${Math.round((100 * part.change) / whole)}% of the whole change.`,
        from: claim,
        points: [from ?? "", to ?? ""],
      },
    ];
  }
  return [];
}

function changeWord(measure: MeasureId, sign: number, ratio: number | null, places: string): string {
  if (measure === "tokens" && ratio !== null) {
    if (ratio > 0.4 && ratio < 0.6) return `Length about halves ${places}`;
    if (ratio > 1.7 && ratio < 2.4) return `Length about doubles ${places}`;
  }
  return `${MEASURES[measure].name} ${sign > 0 ? "rises" : "falls"} most ${places}`;
}

/**
 * The ends do not differ for sure, but several levels inside differ from one of them, all the same way, and none from the
 * other: the curve is level up to the last of these.
 */
function levelToOneEnd(curve: Curve): Shape | undefined {
  const last = curve.labels.length - 1;
  const inner = curve.labels.map((_, i) => i).slice(1, -1);
  for (const [near, far] of [
    [0, last],
    [last, 0],
  ] as const) {
    if (inner.some((i) => direction(curve.against(i, near)) !== 0)) continue;
    const other = inner.filter((i) => direction(curve.against(i, far)) !== 0);
    const signs = new Set(other.map((i) => direction(curve.against(i, far))));
    if (other.length === 0 || signs.size > 1) continue;
    const border = near === 0 ? Math.max(...other) : Math.min(...other);
    const [from, to] = [Math.min(near, border), Math.max(near, border)];
    const claims = other.flatMap((i) => curve.against(i, far) ?? []).toSorted((a, b) => Math.abs(b.z) - Math.abs(a.z));
    const [strongest] = claims;
    if (strongest === undefined) continue;
    const word = signs.has(1) ? "lower" : "higher";
    const verb = word === "lower" ? "falls" : "rises";
    const level = `level from ${curve.labels[from]} to ${curve.labels[to]} (${rangeOf(curve, from, to)}: no difference was found)`;
    return {
      text:
        near === 0
          ? `${name(curve)} is ${level} and ${verb} to ${at(curve, last)}, ${word} than at ${strongest.points[0]} (${writeEffect(turn(strongest))}, ${writeP(strongest)}).`
          : `${name(curve)} is ${level}, and ${word} at ${curve.labels[0]} (${at(curve, 0)}) than at ${strongest.points[0]} (${writeEffect(turn(strongest))}, ${writeP(strongest)}).`,
      from: turn(strongest),
      points: [curve.labels[from] ?? "", curve.labels[to] ?? "", curve.labels[far] ?? ""],
    };
  }
  return undefined;
}

/** No difference between the ends: a trend, single levels that differ from one end, or nothing. */
function withoutEnds(curve: Curve, ends: Judged | undefined): Shape {
  const last = curve.labels.length - 1;
  const points = [curve.labels[0] ?? "", curve.labels[last] ?? ""];
  const oneSided = levelToOneEnd(curve);
  if (oneSided !== undefined) return oneSided;
  const trend = direction(curve.trend);
  if (curve.trend !== undefined && trend !== 0) {
    return {
      text:
        `${name(curve)} ${trend > 0 ? "rises" : "falls"} with ${curve.axis} on the whole: the upper part against the lower, ` +
        `${writeEffect(curve.trend)}, ${writeP(curve.trend)} (${rangeOf(curve, 0, last)}).`,
      from: curve.trend,
      points: curve.labels,
    };
  }
  const single = curve.labels
    .flatMap((_, i) => [curve.against(i, 0), curve.against(i, last)])
    .filter((claim) => claim !== undefined && direction(claim) !== 0)
    .toSorted((a, b) => Math.abs(b?.z ?? 0) - Math.abs(a?.z ?? 0));
  const [strongest] = single;
  if (strongest !== undefined) {
    const parts = single.map(
      (claim) => `${claim?.points[0]} from ${claim?.points[1]} (${claim === undefined ? "" : writeEffect(claim)})`,
    );
    return {
      text: `${name(curve)} changes with ${curve.axis} in no one direction (${at(curve, 0)}, ${at(curve, last)}): different are ${listed(parts)}; the clearest by ${writeP(strongest)}.`,
      from: strongest,
      points: strongest.points,
    };
  }
  const effect = ends === undefined ? "" : `; ends: ${writeEffect(ends)}, ${writeP(ends)}`;
  return {
    text: `${name(curve)}: no change with ${curve.axis} was found (${rangeOf(curve, 0, last)}${effect}).`,
    from: ends,
    points,
  };
}

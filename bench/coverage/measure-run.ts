import { type Claim, SIGNIFICANT } from "../../src/findings/claims.ts";
import type { MeasureId } from "../../src/findings/evidence.ts";
import { type Judgement, judge } from "../../src/findings/judge.ts";
import type { Interval } from "../../src/stats/interval.ts";
import { drawRun, type World, type WorldPoint } from "../../test/helpers/runs/worlds.ts";
import { count, type Tally } from "./tally.ts";
import type { ListedWorld } from "./world-list.ts";

/** Points of percent that may be lost, in every world. */
const MARGIN = 1;

/** Draws one run of a world, makes its whole report, and holds what it says against the truth. */
export function measureRun({ worlds, dense }: ListedWorld, seed: number, tally: Tally): void {
  const objective = { minimise: "tokens", keep: { accuracy: MARGIN }, against: "best", per_benchmark: false };
  const [first, ...others] = worlds;
  if (first === undefined) return;
  const judged = judge(drawRun([{ ...first, objective }, ...others], seed));
  const truth = new Map(first.points.map((point) => [point.name, point]));
  measureIntervals(judged, truth, tally);
  measureDifferences(judged, truth, tally, dense);
  measureClaims(judged, truth, first, tally);
  measureDecision(judged, truth, tally);
}

type Truth = ReadonlyMap<string, WorldPoint>;

const holds = (interval: Interval | null | undefined, value: number): boolean =>
  interval !== null && interval !== undefined && interval.low <= value + 1e-12 && interval.high >= value - 1e-12;

function rateOf(point: WorldPoint | undefined, measure: MeasureId): number {
  const left = 1 - (point?.truncated ?? 0);
  if (measure === "tokens") return point?.tokens ?? 100;
  if (measure === "format") return point?.format ?? 0.95;
  const accuracy = point?.accuracy ?? 0;
  return left * (measure === "accuracy" ? accuracy : (point?.strict ?? accuracy));
}

function measureIntervals({ rows, bands, averages }: Judgement, truth: Truth, tally: Tally): void {
  for (const row of rows) {
    const point = truth.get(row.point);
    count(tally, "rate", holds(row.accuracy.interval, rateOf(point, "accuracy")));
    count(tally, "mean length", holds(row.tokens.interval, rateOf(point, "tokens")));
  }
  for (const points of bands.values()) {
    const all = [...points].every(([name, { accuracy }]) => holds(accuracy, rateOf(truth.get(name), "accuracy")));
    count(tally, "band of rates", all);
  }
  for (const { point, measure, macro } of averages) {
    if (measure === "accuracy") count(tally, "macro average", holds(macro.interval, rateOf(truth.get(point), measure)));
  }
}

function measureDifferences({ comparisons }: Judgement, truth: Truth, tally: Tally, dense: boolean): void {
  for (const { point, baseline, accuracy, tokens, cost } of comparisons) {
    const [a, b] = [truth.get(point), truth.get(baseline)];
    const difference = rateOf(a, "accuracy") - rateOf(b, "accuracy");
    count(tally, dense ? "difference" : "difference, sparse", holds(accuracy?.interval, difference));
    const ratio = rateOf(a, "tokens") / rateOf(b, "tokens");
    count(tally, "ratio of means", holds(cost?.interval, ratio));
    count(tally, "geometric ratio", holds(tokens?.interval, ratio));
  }
}

function measureClaims({ claims }: Judgement, truth: Truth, world: World, tally: Tally): void {
  let wrong = false;
  let found = false;
  const chords = new Map<string, boolean>();
  for (const claim of claims) {
    const value = truthOf(claim, truth, world);
    if (value === undefined || claim.shown) continue;
    const significant = (claim.p_adjusted ?? 1) < SIGNIFICANT;
    const sign = claim.scale === "ratio" ? Math.log(claim.estimate ?? 1) : (claim.estimate ?? 0);
    if (significant && (Math.abs(value) < 1e-9 || Math.sign(sign) !== Math.sign(value))) wrong = true;
    if (significant && Math.abs(value) >= 1e-9 && claim.measure === "accuracy") found = true;
    if (claim.kind === "trend" && claim.measure === "accuracy" && claim.low !== null && claim.high !== null) {
      count(tally, "trend", holds({ low: claim.low, high: claim.high }, value));
    }
    if (claim.kind === "chord" && claim.measure === "accuracy" && claim.band_low !== undefined) {
      const inside = holds({ low: claim.band_low, high: claim.band_high ?? 0 }, value);
      chords.set(claim.benchmark, (chords.get(claim.benchmark) ?? true) && inside);
    }
  }
  for (const inside of chords.values()) count(tally, "band of chords", inside);
  count(tally, "report with a false claim", wrong);
  count(tally, "report that finds an effect in accuracy", found);
}

/** What a claim estimates, in truth; logarithms of ratios. Undefined for what is no contrast of points of one axis. */
function truthOf({ kind, measure, points, scale }: Claim, truth: Truth, { axes = ["w"] }: World): number | undefined {
  if (measure === null) return undefined;
  const valueOf = (name: string | undefined): number | undefined => {
    const point = truth.get(name ?? "") ?? levelPoint(name, truth);
    if (point === undefined) return undefined;
    const value = rateOf(point, measure);
    return scale === "ratio" ? Math.log(value) : value;
  };
  const values = points.map(valueOf);
  if (values.some((value) => value === undefined)) return undefined;
  const [a = 0, b = 0, c = 0] = values.map((value) => value ?? 0);
  if (kind === "difference" || kind === "step") return a - b;
  const at = points.map((name) => Number(name.split("=")[1]));
  if (kind === "chord" && axes.length === 1) {
    const t = ((at[0] ?? 0) - (at[1] ?? 0)) / ((at[2] ?? 1) - (at[1] ?? 0));
    return a - (1 - t) * b - t * c;
  }
  if (kind !== "trend") return undefined;
  const middle = at.reduce((sum, x) => sum + x, 0) / at.length;
  const half = at.reduce((sum, x) => sum + Math.abs(x - middle), 0) / 2;
  return at.reduce((sum, x, i) => sum + ((x - middle) / half) * (values[i] ?? 0), 0);
}

/** A level of a grid in which the other axis makes no difference to what is said of this one: any of its points. */
function levelPoint(name: string | undefined, truth: Truth): WorldPoint | undefined {
  const [axis = "", value] = (name ?? "").split("=");
  const own = [...truth.values()].filter((point) => point.axes[axis] === value);
  if (axis === "w") return own.find((point) => point.axes.d === "1");
  return own[0];
}

function measureDecision({ decisions }: Judgement, truth: Truth, tally: Tally): void {
  for (const { point, useful, figure } of decisions) {
    const best = Math.max(...[...truth.values()].map((one) => rateOf(one, "accuracy")));
    const chosen = truth.get(point ?? "");
    count(tally, "decided", chosen !== undefined);
    const loses = chosen === undefined ? 0 : best - rateOf(chosen, "accuracy");
    count(tally, "confident and wrong", loses > MARGIN / 100 + 1e-9);
    const shown = truth.get(point ?? useful ?? "");
    if (shown === undefined || figure?.corrected === null || figure === null) continue;
    count(tally, "bias as seen", figure.seen - rateOf(shown, "accuracy"));
    count(tally, "bias corrected", figure.corrected - rateOf(shown, "accuracy"));
    count(tally, "interval of the chosen", holds(figure, rateOf(shown, "accuracy")));
  }
}

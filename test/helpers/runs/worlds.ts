import { sha256 } from "../../../src/base/digest.ts";
import { seededRandom } from "../../../src/base/random.ts";
import type { PlannedPoint } from "../../../src/runs/schema.ts";
import type { EvaluatedPoint, StoredRun } from "../../../src/runs/stored-run.ts";
import type { ScoreMeasure, ScoreTable } from "../../../src/runs/tables/score-table.ts";
import { normalQuantile } from "../../../src/stats/distributions.ts";
import { normalDraws } from "../../../src/stats/normal-draws.ts";

/** A point of a made-up sweep, and the truth about it. */
export interface WorldPoint {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly kind?: "point" | "reference";
  /** A point before it with the same weights, whose answers are its own. */
  readonly twinOf?: string;
  /** True rates. */
  readonly accuracy: number;
  /** @default the accuracy, answered alike */
  readonly strict?: number;
  /** @default 0.95 */
  readonly format?: number;
  /** True mean. @default 100 */
  readonly tokens?: number;
  /** Share of the answers that are cut off, and wrong for that. @default 0 */
  readonly truncated?: number;
}

/** A truth to draw runs from. */
export interface World {
  readonly points: readonly WorldPoint[];
  readonly axes?: readonly string[];
  readonly questions: number;
  readonly attempts?: number;
  /** Whether an answer is its question's ability above a threshold; else each attempt is drawn. @default true */
  readonly greedy?: boolean;
  /** How alike neighbours answer: the correlation of a step along the points. @default 0.9 */
  readonly rho?: number;
  /** @default 0.6 */
  readonly lengthSpread?: number;
  readonly benchmark?: string;
  /** Stated in the run. */
  readonly objective?: Record<string, unknown>;
}

/** Spread of the questions' difficulty, and of what drifts along the points. */
const DIFFICULTY = 2;
const DRIFT = 1;

/**
 * Draws a run from a world: every question has an ability, which drifts along the points as a stationary AR(1) process, so that
 * neighbouring merges answer alike; rates are met exactly on average.
 */
export function drawRun(worlds: World | readonly World[], seed: number): StoredRun {
  const list = "points" in worlds ? [worlds] : worlds;
  const [first] = list;
  if (first === undefined) throw new Error("Expected a world, found none");
  const tables = list.map((world, b) => drawTables(world, world.benchmark ?? `world${b}`, seed * 1009 + b));
  const evaluated = first.points.map(({ name, axes, kind = "point", twinOf }, j): EvaluatedPoint => {
    const point: PlannedPoint = { name, kind, axes: { ...axes }, unit: sha256(name).slice(0, 12) };
    const source = twinOf === undefined ? j : first.points.findIndex((one) => one.name === twinOf);
    return {
      point,
      result: {
        unit: point.unit,
        weights_sha256: sha256(twinOf ?? name),
        identity: sha256(twinOf ?? name),
        same_as: twinOf === undefined ? null : sha256(twinOf).slice(0, 12),
        runtime: "simulated",
        gguf_type: "bf16",
        attempts: 0,
        scorer_version: 1,
        scoring_digest: "",
      },
      tables: tables.flatMap((own) => own[source] ?? []),
      inOrder: true,
      records: async function* () {},
    };
  });
  const { axes = ["w"], greedy = true, objective } = first;
  return {
    manifest: {
      manifest_version: 2,
      mergesweep_version: "0.0.0",
      sweep: "world",
      axes: [...axes],
      points: evaluated.map(({ point }) => point),
      benchmarks: list.map((world, b) => ({
        name: world.benchmark ?? `world${b}`,
        version: 1,
        samples: world.questions,
        attempts: world.attempts ?? 1,
        data_sha256: sha256(`world ${b} ${seed}`),
        prompt: "plain@1",
      })),
      max_tokens: 1_000_000,
      scoring: { profile: "default", formats: {} },
      ...(objective === undefined ? {} : { objective }),
      plan: { generation: { temperature: greedy ? 0 : 0.8 } },
      plan_digest: sha256("plan"),
    },
    evaluated,
    failed: [],
  };
}

function drawTables(world: World, benchmark: string, seed: number): ScoreTable[] {
  const { points, questions, attempts = 1, greedy = true, rho = 0.9, lengthSpread = 0.6 } = world;
  const random = seededRandom(seed * 2 + 1);
  const normal = normalDraws(random);
  const total = Math.sqrt(DIFFICULTY ** 2 + DRIFT ** 2 + (greedy ? 0 : 1));
  const shift = (rate: number): number => total * normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, rate)));
  const columns = points.map(() => emptyColumns(questions * attempts));
  const shifts = points.map(({ accuracy, strict = accuracy, format = 0.95 }) => ({
    accuracy: shift(accuracy),
    strict: shift(strict),
    format: shift(format),
  }));
  for (let q = 0; q < questions; q++) {
    const [difficulty, formatDifficulty, length] = [DIFFICULTY * normal(), DIFFICULTY * normal(), normal()];
    let [drift, formatDrift] = [DRIFT * normal(), DRIFT * normal()];
    points.forEach((point, j) => {
      if (j > 0) {
        drift = rho * drift + Math.sqrt(1 - rho ** 2) * DRIFT * normal();
        formatDrift = rho * formatDrift + Math.sqrt(1 - rho ** 2) * DRIFT * normal();
      }
      const mean = (point.tokens ?? 100) * Math.exp(lengthSpread * length - lengthSpread ** 2 / 2);
      for (let k = 0; k < attempts; k++) {
        const i = q * attempts + k;
        const luck = greedy ? 0 : normal();
        const cut = (point.truncated ?? 0) > 0 && random() < (point.truncated ?? 0) ? 1 : 0;
        const able = difficulty + drift + luck;
        const format = formatDifficulty + formatDrift + (greedy ? 0 : normal());
        const tokens = Math.max(1, mean * Math.exp(0.2 * normal() - 0.02));
        const own = columns[j] ?? emptyColumns(0);
        own.accuracy[i] = cut === 0 && able + (shifts[j]?.accuracy ?? 0) > 0 ? 1 : 0;
        own.accuracy_strict[i] = cut === 0 && able + (shifts[j]?.strict ?? 0) > 0 ? 1 : 0;
        own.format[i] = format + (shifts[j]?.format ?? 0) > 0 ? 1 : 0;
        own.tokens[i] = tokens;
        own.truncated[i] = cut;
        own.answered[i] = 1 - cut;
      }
    });
  }
  const samples = Array.from({ length: questions }, (_, q) => `q${String(q).padStart(6, "0")}`);
  const starts = Int32Array.from({ length: questions + 1 }, (_, q) => q * attempts);
  return columns.map((own) => ({
    benchmark,
    samples,
    starts,
    columns: own,
    outcomes: Uint8Array.from(own.accuracy, (right) => (right === 1 ? 0 : 1)),
    answerClasses: Int32Array.from(own.accuracy, (right) => (right === 1 ? 0 : 1)),
    formatParts: {},
    rewards: {},
  }));
}

function unknown(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

type Columns = Record<ScoreMeasure, Float64Array>;

function emptyColumns(length: number): Columns {
  return {
    accuracy: unknown(length),
    accuracy_strict: unknown(length),
    format: unknown(length),
    tokens: unknown(length),
    truncated: unknown(length),
    answered: unknown(length),
    thinking_tokens: unknown(length),
    answer_tokens: unknown(length),
    characters: unknown(length),
    words: unknown(length),
  };
}

/** Points along w from 0 to 1. */
export function alongW(values: readonly Omit<WorldPoint, "name" | "axes">[]): WorldPoint[] {
  return values.map((value, i) => {
    const w = String(Number((i / Math.max(1, values.length - 1)).toFixed(3)));
    return { ...value, name: `w=${w}`, axes: { w } };
  });
}

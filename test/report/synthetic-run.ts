import { sha256 } from "../../src/base/digest.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { PlannedPoint, ScoreRecord, UnitResult } from "../../src/runs/schema.ts";
import type { EvaluatedPoint, StoredRun } from "../../src/runs/stored-run.ts";
import { scoreTables } from "../../src/runs/tables/build-score-tables.ts";

/** What a made-up model does: chances of being right, of boxing the answer, of closing its reasoning, and its mean length. */
interface Behaviour {
  readonly accuracy: number;
  readonly strict: number;
  readonly format: number;
  readonly tokens: number;
}

/** How to make a run that looks like a real one; everything has a default. */
export interface SyntheticOptions {
  readonly samples?: number;
  readonly attempts?: number;
  readonly benchmarks?: readonly string[];
  readonly axes?: readonly string[];
  readonly points?: readonly { readonly axes: Record<string, string>; readonly behaviour: Behaviour }[];
  readonly references?: Readonly<Record<string, Behaviour>>;
}

/** The eleven points of the pocket sweep, as they roughly came out. */
export const POCKET_POINTS: NonNullable<SyntheticOptions["points"]> = Array.from({ length: 11 }, (_, i) => {
  const w = i / 10;
  const late = Math.max(0, (w - 0.6) / 0.4);
  return {
    axes: { w: i === 0 ? "0" : i === 10 ? "1" : `0.${i}` },
    behaviour: {
      accuracy: 0.924 - 0.044 * late ** 3,
      strict: w < 0.55 ? 0.92 - 0.02 * w : 0.91 - 0.88 * late ** 1.5,
      format: w < 0.45 ? 1 : Math.max(0.026, 1 - 1.6 * (w - 0.45) ** 1.2),
      tokens: 76 - 44 / (1 + Math.exp(-12 * (w - 0.55))),
    },
  };
});

const BASE: Behaviour = { accuracy: 0.81, strict: 0.62, format: 0.71, tokens: 71 };

/** A run made with a seed; questions differ in how hard and how long they are, alike for all the points. */
export function syntheticRun(options: SyntheticOptions = {}): StoredRun {
  const { samples = 500, attempts = 1, benchmarks = ["pocket-math"], axes = ["w"] } = options;
  const { points = POCKET_POINTS, references = { base: BASE } } = options;
  const nameOf = (values: Record<string, string>): string => axes.map((axis) => `${axis}=${values[axis]}`).join(",");
  const evaluated: EvaluatedPoint[] = [
    ...points.map(({ axes: values, behaviour }) => ({
      point: plannedPoint(nameOf(values), "point", values),
      behaviour,
    })),
    ...Object.entries(references).map(([name, behaviour]) => ({
      point: plannedPoint(name, "reference", {}),
      behaviour,
    })),
  ].map(({ point, behaviour }) =>
    evaluatedPoint(
      point,
      {
        unit: point.unit,
        weights_sha256: sha256(`weights ${point.name}`),
        identity: sha256(`identity ${point.name}`),
        same_as: null,
        runtime: "scripted",
        gguf_type: "bf16",
        attempts: samples * attempts * benchmarks.length,
        scorer_version: 1,
        scoring_digest: "",
      },
      benchmarks.flatMap((benchmark) => syntheticScores(benchmark, point.name, samples, attempts, behaviour)),
    ),
  );
  return {
    manifest: {
      manifest_version: 2,
      mergesweep_version: "0.0.0",
      sweep: "pocket",
      axes: [...axes],
      points: evaluated.map(({ point }) => point),
      benchmarks: benchmarks.map((name) => ({
        name,
        version: 1,
        samples,
        attempts,
        data_sha256: sha256(name),
        prompt: "plain@1",
      })),
      max_tokens: 256,
      scoring: { profile: "default", formats: {} },
      plan: {},
      plan_digest: sha256("plan"),
    },
    evaluated,
    failed: [],
  };
}

/** A unit as it is read back from a store. */
export function evaluatedPoint(
  point: PlannedPoint,
  result: UnitResult,
  scores: readonly ScoreRecord[],
): EvaluatedPoint {
  return { point, result, ...scoreTables(scores), records: () => inOnePiece(scores) };
}

async function* inOnePiece(scores: readonly ScoreRecord[]): AsyncGenerator<readonly ScoreRecord[]> {
  yield await Promise.resolve(scores);
}

/** The same run with other scores at some points. */
export async function changeScores(
  run: StoredRun,
  change: (scores: readonly ScoreRecord[], point: PlannedPoint) => readonly ScoreRecord[],
): Promise<StoredRun> {
  const evaluated = await Promise.all(
    run.evaluated.map(async ({ point, result, records }) => {
      const all: ScoreRecord[] = [];
      for await (const piece of records()) all.push(...piece);
      return evaluatedPoint(point, result, change(all, point));
    }),
  );
  return { ...run, evaluated };
}

function plannedPoint(name: string, kind: PlannedPoint["kind"], axes: Record<string, string>): PlannedPoint {
  return { name, kind, axes, unit: sha256(name).slice(0, 12) };
}

function syntheticScores(
  benchmark: string,
  point: string,
  samples: number,
  attempts: number,
  behaviour: Behaviour,
): ScoreRecord[] {
  const scores: ScoreRecord[] = [];
  for (let i = 0; i < samples; i++) {
    const question = seededRandom(i * 7919 + benchmark.length);
    const [difficulty, length] = [question(), 0.4 + 1.2 * question()];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const luck = seededRandom(Number.parseInt(sha256(`${point} ${benchmark} ${i} ${attempt}`).slice(0, 8), 16));
      // Mostly the question decides, a little the day: what makes paired tests sharper than unpaired ones.
      const draw = luck() < 0.85 ? difficulty : luck();
      const accuracy = draw < behaviour.accuracy ? 1 : 0;
      const tokens = Math.max(4, Math.round(behaviour.tokens * length * (0.9 + 0.2 * luck())));
      scores.push(
        scoreOf(benchmark, `${benchmark}-${String(i + 1).padStart(3, "0")}`, attempt, {
          accuracy,
          accuracy_strict: draw < behaviour.strict ? 1 : 0,
          format: luck() < behaviour.format ? 1 : 0,
          tokens,
          answer: String(accuracy === 1 ? i : i + 1 + Math.floor(3 * luck())),
        }),
      );
    }
  }
  return scores;
}

/** One score record, with harmless values for whatever is not given. */
export function scoreOf(
  benchmark: string,
  sample: string,
  attempt: number,
  given: Partial<ScoreRecord> = {},
): ScoreRecord {
  const accuracy = given.accuracy ?? 1;
  const tokens = given.tokens ?? 10;
  return {
    benchmark,
    sample,
    attempt,
    gold: "1",
    status: accuracy === 1 ? "correct" : "wrong",
    accuracy,
    accuracy_strict: accuracy === 1 ? 1 : 0,
    answer: accuracy === 1 ? "1" : "2",
    answer_class: accuracy === 1 ? 0 : 1,
    path: "boxed",
    rule: "exact-rational",
    format: 1,
    format_parts: { think_closed_once: 1, tag_count: 0.5 },
    tokens,
    thinking_tokens: null,
    answer_tokens: null,
    characters: tokens * 3,
    thinking_characters: tokens * 2,
    answer_characters: tokens,
    words: tokens,
    truncated: 0,
    rewards: { cosine: 0.5, length: null },
    ...given,
  };
}

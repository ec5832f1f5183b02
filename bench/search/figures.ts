import { stratumWeights } from "../../src/base/stratum-weights.ts";
import { judge } from "../../src/findings/judge.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { sizesOf } from "../../src/runs/tables/question-strata.ts";
import type { ScoreTable, StrataOf } from "../../src/runs/tables/score-table.ts";
import { type RaceOutcome, race } from "../../src/search/race.ts";
import type { Ask, RacePlan } from "../../src/search/race-plan.ts";
import type { Interval } from "../../src/stats/interval.ts";
import { drawRun, type World } from "../../test/helpers/runs/worlds.ts";
import { gridAnswers, lookupIn, planOf } from "./replay.ts";

/** What the reports of searches say, held against the truth. */
export class FigureTally {
  readonly #covered = new Map<string, { hits: number; all: number }>();
  readonly #bias = { seen: 0, corrected: 0, all: 0 };

  /** @param truth of the report's point */
  noteFigure(seen: number, corrected: number | null, truth: number): void {
    this.#bias.all++;
    this.#bias.seen += seen - truth;
    this.#bias.corrected += (corrected ?? seen) - truth;
  }

  noteInterval(name: string, interval: Interval | null | undefined, truth: number): void {
    if (interval === null || interval === undefined) return;
    const own = this.#covered.get(name) ?? { hits: 0, all: 0 };
    own.all++;
    if (interval.low <= truth && truth <= interval.high) own.hits++;
    this.#covered.set(name, own);
  }

  cells(names: readonly string[]): string[] {
    const covered = names.map((name) => {
      const own = this.#covered.get(name);
      return own === undefined ? "-" : (own.hits / own.all).toFixed(3);
    });
    const { seen, corrected, all } = this.#bias;
    return [...covered, ...[seen, corrected].map((sum) => ((100 * sum) / Math.max(1, all)).toFixed(2))];
  }
}

/** Races over a drawn run, and holds what its report says of points that were asked samples against the truth. */
export function measureFigures(world: World, seed: number, margin: number, tally: FigureTally): void {
  const run = drawRun({ ...world, objective: { minimise: "tokens", keep: { accuracy: 100 * margin } } }, seed);
  const { searched, outcome } = searchedRun(run, seed, margin);
  const { rows, comparisons, decisions } = judge(searched);
  const truthOf = (name: string): World["points"][number] | undefined =>
    world.points.find((point) => point.name === name);
  const [first] = world.points;
  for (const row of rows) {
    if (row.standsFor === undefined) continue;
    tally.noteInterval("rate", row.accuracy.interval, truthOf(row.point)?.accuracy ?? 0);
    tally.noteInterval("length", row.tokens.interval, truthOf(row.point)?.tokens ?? 0);
    const compared = comparisons.find(({ point, baseline }) => point === row.point && baseline === first?.name);
    const difference = (truthOf(row.point)?.accuracy ?? 0) - (first?.accuracy ?? 0);
    tally.noteInterval("difference", compared?.accuracy?.interval, difference);
  }
  const [decision] = decisions;
  const shown = decision?.point ?? decision?.useful ?? undefined;
  const figure = decision?.figure ?? undefined;
  if (figure === undefined || shown === undefined || outcome.looks.length === 0) return;
  tally.noteFigure(figure.seen, figure.corrected, truthOf(shown)?.accuracy ?? 0);
}

/** The run as a search leaves it: each point with the questions that it was asked, and the strata. */
function searchedRun(run: StoredRun, seed: number, margin: number): { searched: StoredRun; outcome: RaceOutcome } {
  const tables = run.evaluated.map((unit) => unit.tables[0]).filter((table) => table !== undefined);
  const order = tables[0]?.samples.map((_, q) => q) ?? [];
  const grid = gridAnswers(tables, ["accuracy"], order);
  const plan = planOf(grid, [{ measure: "accuracy", margin }], { seed: `${seed}` });
  const { asked, outcome } = follow(plan, lookupIn(grid));
  const names = run.manifest.points.map(({ name }) => name);
  const strata: StrataOf = new Map(
    (outcome.strata[0] ?? []).flatMap((places, stratum) =>
      places.map((q) => [tables[0]?.samples[q] ?? "", stratum] as const),
    ),
  );
  const nameOf = (point: number): string => names[point] ?? "";
  return {
    outcome,
    searched: {
      ...run,
      manifest: { ...run.manifest, ragged: true },
      evaluated: run.evaluated.flatMap((unit, point) => {
        const [table] = unit.tables;
        const own = asked.get(point);
        return table === undefined || own === undefined
          ? []
          : [
              {
                ...unit,
                tables: [
                  partOf(
                    table,
                    [...own].toSorted((a, b) => a - b),
                    strata,
                  ),
                ],
              },
            ];
      }),
      search: {
        search_version: 1,
        objective: { minimise: "tokens", keep: { accuracy: 100 * margin }, against: "best", per_benchmark: false },
        confidence: 0.95,
        ...plan.levers,
        budget: null,
        points: names,
        benchmarks: run.manifest.benchmarks.map(({ name }) => ({ name, questions: order.length })),
        stop: outcome.stop,
        chosen: outcome.chosen === undefined ? null : nameOf(outcome.chosen),
        candidates: outcome.candidates.map(nameOf),
        questions_needed: null,
        tokens: outcome.tokens,
        grid_tokens: outcome.gridTokens,
        asked: {},
        looks: [],
      },
    },
  };
}

function follow(
  plan: RacePlan,
  lookup: ReturnType<typeof lookupIn>,
): { asked: Map<number, Set<number>>; outcome: RaceOutcome } {
  const running = race(plan);
  const asked = new Map<number, Set<number>>();
  const note = ({ point, questions }: Ask): void => {
    const own = asked.get(point) ?? new Set<number>();
    for (const question of questions) own.add(question);
    asked.set(point, own);
  };
  let step = running.next();
  while (!step.done) {
    step.value.asks.forEach(note);
    step = running.next(lookup);
  }
  return { asked, outcome: step.value };
}

/** A table with one attempt each, without the questions that were not asked. */
function partOf(table: ScoreTable, places: readonly number[], strata: StrataOf): ScoreTable {
  const samples = places.map((q) => table.samples[q] ?? "");
  const pick = (values: Float64Array): Float64Array => Float64Array.from(places, (q) => values[q] ?? Number.NaN);
  const { accuracy, accuracy_strict: strict, format, tokens, truncated, answered } = table.columns;
  const of = samples.map((sample) => strata.get(sample) ?? -1);
  return {
    ...table,
    samples,
    starts: Int32Array.from({ length: samples.length + 1 }, (_, q) => q),
    columns: {
      ...table.columns,
      accuracy: pick(accuracy),
      accuracy_strict: pick(strict),
      format: pick(format),
      tokens: pick(tokens),
      truncated: pick(truncated),
      answered: pick(answered),
      ...unknownColumns(samples.length),
    },
    outcomes: Uint8Array.from(places, (q) => table.outcomes[q] ?? 0),
    answerClasses: Int32Array.from(places, (q) => table.answerClasses[q] ?? -1),
    strata,
    weights: stratumWeights({ of, sizes: sizesOf(strata) }, () => true),
  };
}

/** What made-up answers have not. */
function unknownColumns(
  samples: number,
): Pick<ScoreTable["columns"], "thinking_tokens" | "answer_tokens" | "characters" | "words"> {
  const unknown = new Float64Array(samples).fill(Number.NaN);
  return { thinking_tokens: unknown, answer_tokens: unknown, characters: unknown, words: unknown };
}

import { parseArgs } from "node:util";
import { type RaceOutcome, runRace } from "../src/search/race.ts";
import { ALL_LEVERS, type Levers, type RaceMeasure, type RacePlan } from "../src/search/race-plan.ts";
import { quantile } from "../src/stats/quantile.ts";
import { drawRun, type World } from "../test/helpers/runs/worlds.ts";
import { type Bench, print } from "./bench.ts";
import { countOf, countsOf } from "./flag-values.ts";
import { FAMILIES, familyWorld, PLANE_PLACES, PLANES, planeWorld } from "./search/families.ts";
import { FigureTally, measureFigures } from "./search/figures.ts";
import { POCKET_MEASURES, pocketGrid } from "./search/pocket.ts";
import { type GridAnswers, gridAnswers, gridDecision, lookupIn, planOf, totalTokens } from "./search/replay.ts";

const HELP = `npm run bench search [-- --reps N --only TEXT --questions 500,5000 --attempts N --seed N --levers TEXT --figures]

Races over the points of simulated families whose truth is known, and over the stored answers of the pocket grid: the tokens
of the search over those of the whole grid, and what both decide.

  --reps       races a family            [20]
  --only       families with this text in their name; "pocket" for the stored grid
  --questions  of the benchmark          [500,5000]
  --attempts   at each question          [1]
  --seed       the first race's          [1]
  --levers     lines with this text in their name: "all", "no strata"; every lever switched off in turn if left out
  --figures    what the reports of searches say of points that were asked samples, held against the truth: coverage of
               intervals, and the bias of the rate of the chosen point, or the one to look at, in points

share, 90%  median and 90% quantile of the tokens over those of the grid      decided  ends with a point that is safe
as grid     the same point as the whole grid, chosen or first in the race     wrong    decided for a point that loses more
dropped     a best point was put out           unasked  no best point was asked  (of all races; wrong and grid wrong, too)
`;

/** What may be lost of the best accuracy. */
const MARGIN = 0.01;

interface Setting {
  readonly name: string;
  readonly change: Partial<Levers>;
}

/** The search as it is, and with each lever switched off. */
const SETTINGS: readonly Setting[] = [
  { name: "all levers", change: {} },
  { name: "no coarse grid", change: { refine: 0 } },
  { name: "no strata", change: { strata: false } },
  { name: "no elimination", change: { elimination: false } },
  { name: "no futility", change: { futility: false } },
];

/** Prints a line for each family and setting. */
async function benchSearch(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      reps: { type: "string", default: "20" },
      only: { type: "string", default: "" },
      questions: { type: "string", default: "500,5000" },
      attempts: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      levers: { type: "string", default: "" },
      figures: { type: "boolean", default: false },
    },
  });
  const start = Date.now();
  const [reps, seed] = [countOf("reps", values.reps), countOf("seed", values.seed, 0)];
  const attempts = countOf("attempts", values.attempts);
  const settings = SETTINGS.filter(({ name }) => name.includes(values.levers));
  if (values.figures) return figuresTable(countsOf("questions", values.questions), values.only, reps, seed);
  print(HEADER);
  const sizes = countsOf("questions", values.questions);
  const families = sizes.flatMap((questions) => [
    ...FAMILIES.map((family) => simulated(family.name, familyWorld(family, questions, attempts))),
    ...PLANES.map((family) => simulated(family.name, planeWorld(family, questions, attempts), PLANE_PLACES)),
  ]);
  for (const raced of [POCKET, ...families].filter(({ name }) => name.includes(values.only))) {
    printLines(raced, settings, reps, seed);
  }
  print(`\n${((Date.now() - start) / 60_000).toFixed(1)} minutes, ${reps} races a line, first seed ${seed}`);
}

const COLUMNS = ["share", "90%", "decided", "as grid", "wrong", "dropped", "unasked", "grid decided", "grid wrong"];
const HEADER = `${"family, questions, setting".padEnd(48)}${COLUMNS.map((name) => name.padStart(13)).join("")}`;

const FIGURES = ["rate", "difference", "length"];

function figuresTable(sizes: readonly number[], only: string, reps: number, firstSeed: number): void {
  const header = [...FIGURES, "bias seen", "corrected"].map((name) => name.padStart(13)).join("");
  print(`${"family, questions".padEnd(48)}${header}`);
  for (const questions of sizes) {
    for (const family of FAMILIES.filter(({ name }) => `${name}, ${questions}`.includes(only))) {
      const tally = new FigureTally();
      const world = familyWorld(family, questions, 1);
      for (let seed = firstSeed; seed < firstSeed + reps; seed++) measureFigures(world, seed, MARGIN, tally);
      const cells = tally.cells(FIGURES).map((cell) => cell.padStart(13));
      print(`${`${family.name}, ${questions}`.padEnd(48)}${cells.join("")}`);
    }
  }
}

/** What is raced over, a draw for each repetition; without a truth where only the grid is known. */
interface Raced {
  readonly name: string;
  readonly measures: readonly RaceMeasure[];
  readonly grid: (seed: number) => GridAnswers;
  /** True accuracies by point. */
  readonly truth: readonly number[] | undefined;
  /** Of several axes. */
  readonly places?: RacePlan["places"];
}

function simulated(name: string, world: World, places?: RacePlan["places"]): Raced {
  const order = Array.from({ length: world.questions }, (_, q) => q);
  return {
    name: `${name}, ${world.questions}`,
    places,
    measures: [{ measure: "accuracy", margin: MARGIN }],
    grid: (seed) =>
      gridAnswers(
        drawRun(world, seed).evaluated.flatMap(({ tables }) => tables),
        ["accuracy"],
        order,
      ),
    truth: world.points.map(({ accuracy }) => accuracy),
  };
}

const POCKET: Raced = { name: "pocket", measures: POCKET_MEASURES, grid: pocketGrid, truth: undefined };

function printLines(raced: Raced, settings: readonly Setting[], reps: number, firstSeed: number): void {
  const lines = settings.map(({ name, change }) => ({
    name,
    levers: { ...ALL_LEVERS, ...change },
    tally: new Tally(),
  }));
  for (let seed = firstSeed; seed < firstSeed + reps; seed++) {
    const grid = raced.grid(seed);
    const whole = gridDecision(grid, raced.measures, `${seed}`);
    for (const { levers, tally } of lines) {
      const outcome = runRace(
        planOf(grid, raced.measures, { seed: `${seed}`, levers, places: raced.places }),
        lookupIn(grid),
      );
      const { chosen, candidates } = outcome;
      tally.share.push(outcome.tokens / totalTokens(grid));
      tally.count("decided", chosen !== undefined);
      tally.count("as grid", chosen === whole.safe && (chosen ?? candidates[0]) === whole.useful);
      tally.count("grid decided", whole.safe !== undefined);
      if (raced.truth !== undefined) countErrors(tally, raced.truth, outcome, whole.safe);
    }
  }
  for (const { name, tally } of lines) print(`${`${raced.name}, ${name}`.padEnd(48)}${tally.cells()}`);
}

function countErrors(
  tally: Tally,
  truth: readonly number[],
  { chosen, looks, asked }: RaceOutcome,
  safe: number | undefined,
): void {
  const best = Math.max(...truth);
  const isBest = (point: number): boolean => (truth[point] ?? 0) >= best - 1e-9;
  const loses = (point: number | undefined): boolean =>
    point !== undefined && best - (truth[point] ?? 0) > MARGIN + 1e-9;
  tally.count("wrong", loses(chosen));
  tally.count(
    "dropped",
    looks.some(({ dropped }) => dropped.some(({ point }) => isBest(point))),
  );
  tally.count("unasked", !truth.some((_, point) => isBest(point) && (asked[point] ?? 0) > 0));
  tally.count("grid wrong", loses(safe));
}

/** Shares of tokens, and counts by name. */
class Tally {
  readonly share: number[] = [];
  readonly #hits = new Map<string, number>();

  count(name: string, hit: boolean): void {
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + Number(hit));
  }

  cells(): string {
    const shares = [0.5, 0.9].map((part) => (quantile(this.share, part) ?? 0).toFixed(2));
    const parts = COLUMNS.slice(2).map((name) => {
      const hits = this.#hits.get(name);
      return hits === undefined ? "-" : (hits / this.share.length).toFixed(2);
    });
    return [...shares, ...parts].map((cell) => cell.padStart(13)).join("");
  }
}

export const search: Bench = { help: HELP, run: benchSearch };

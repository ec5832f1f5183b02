import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import PQueue from "p-queue";
import { median } from "../src/stats/quantile.ts";
import { type Bench, print } from "./bench.ts";
import type { CoverageAnswer, CoverageTask } from "./coverage/coverage-child.ts";
import { POWER_CASES } from "./coverage/detectable-power.ts";
import { DESIGNS, measureStratified } from "./coverage/stratified.ts";
import { addTally, type Tally } from "./coverage/tally.ts";
import { WORLDS } from "./coverage/world-list.ts";
import { countOf } from "./flag-values.ts";

const HELP = `npm run bench coverage [-- --reps N --only TEXT --seed N --jobs N --quick]

Draws runs from worlds whose truth is known, makes the whole report of each, and holds its intervals, claims and decision
against that truth.

  --reps   runs a world          [200]
  --only   worlds with this text in their name; "power" for the detectable difference, "weights" for questions
           that stand for others
  --seed   the first run's       [1]
  --jobs   processes             [${availableParallelism()}]
  --quick  20 runs a world, and no power
`;

/** Runs of one task: short enough that the last process does not run alone. */
const CHUNK = 10;

/** The columns of the table. */
const SHOWN = [
  ["rate", "rate"],
  ["band", "band of rates"],
  ["diff", "difference"],
  ["sparse", "difference, sparse"],
  ["trend", "trend"],
  ["chords", "band of chords"],
  ["length", "mean length"],
  ["ratio", "ratio of means"],
  ["geo", "geometric ratio"],
  ["macro", "macro average"],
  ["false", "report with a false claim"],
  ["effect", "report that finds an effect in accuracy"],
  ["wrong", "confident and wrong"],
  ["decided", "decided"],
  ["chosen", "interval of the chosen"],
] as const;

/** Prints coverage, false claims, wrong decisions, bias and real power, a line a world. */
async function benchCoverage(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      reps: { type: "string" },
      only: { type: "string", default: "" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
      quick: { type: "boolean", default: false },
    },
  });
  const reps = countOf("reps", values.reps ?? (values.quick ? "20" : "200"));
  const seed = countOf("seed", values.seed, 0);
  const pool = new ChildPool(countOf("jobs", values.jobs));
  const start = Date.now();
  try {
    await coverageTable(pool, { reps, seed, only: values.only });
    if ("weights".includes(values.only)) weightsTable({ reps: 10 * reps, seed });
    if (!values.quick && "power".includes(values.only)) await powerTable(pool, { reps, seed });
  } finally {
    pool.close();
  }
  print(`\n${((Date.now() - start) / 60_000).toFixed(1)} minutes, ${reps} runs a world, seed ${seed}`);
}

interface Options {
  readonly reps: number;
  readonly seed: number;
}

async function coverageTable(pool: ChildPool, { reps, seed, only }: Options & { only: string }): Promise<void> {
  const chosen = WORLDS.map((world, index) => ({ world, index })).filter(({ world }) => world.name.includes(only));
  if (chosen.length === 0) return;
  print(`${"world".padEnd(62)}${SHOWN.map(([short]) => short.padStart(8)).join("")}    bias seen, corrected (points)`);
  const whole: Tally = {};
  await Promise.all(
    chosen.map(async ({ world, index }) => {
      const tally: Tally = {};
      const answers = await Promise.all(chunks(reps, seed).map((range) => pool.run({ world: index, ...range })));
      for (const answer of answers) addTally(tally, answer.tally);
      addTally(whole, tally);
      print(`${world.name.padEnd(62)}${cells(tally)}`);
    }),
  );
  print(`${"all".padEnd(62)}${cells(whole)}`);
}

function cells(tally: Tally): string {
  const shares = SHOWN.map(([, name]) => shareOf(tally, name, 1, 3).padStart(8)).join("");
  return `${shares}    ${shareOf(tally, "bias as seen", 100, 2)}, ${shareOf(tally, "bias corrected", 100, 2)}`;
}

function shareOf(tally: Tally, name: string, factor: number, digits: number): string {
  const [hits, total] = tally[name] ?? [0, 0];
  return total === 0 ? "-" : ((factor * hits) / total).toFixed(digits);
}

/** Intervals of the methods alone, over questions that were drawn from strata. */
function weightsTable({ reps, seed }: Options): void {
  print(`\nweighted questions, ${reps} samples a design`);
  DESIGNS.forEach((strata, design) => {
    const tally: Tally = {};
    for (let rep = 0; rep < reps; rep++) measureStratified(strata, (seed + rep) * 31 + design, tally);
    const asked = strata.map((one) => `${one.asked} for ${100 * one.share}%`).join(", ");
    print(
      `${asked.padEnd(62)}${Object.keys(tally)
        .map((name) => `  ${name} ${shareOf(tally, name, 1, 3)}`)
        .join("")}`,
    );
  });
}

async function powerTable(pool: ChildPool, { reps, seed }: Options): Promise<void> {
  print(`\n${"detectable difference".padEnd(62)}  stated    real power (aim 0.80)`);
  await Promise.all(
    POWER_CASES.map(async ({ questions, attempts, accuracy, towards }, power) => {
      const pilots = await Promise.all(chunks(Math.min(reps, 40), seed).map((range) => pool.run({ power, ...range })));
      const difference = median(pilots.flatMap(({ stated }) => stated));
      const name =
        `n=${questions}, k=${attempts}, ${100 * accuracy}%, ${towards > 0 ? "towards" : "away from"} 50%`.padEnd(62);
      if (difference === null) return print(`${name}  none`);
      const tried = await Promise.all(
        chunks(reps, seed + 10_000).map((range) => pool.run({ power, difference, ...range })),
      );
      const found = tried.reduce((total, answer) => total + answer.found, 0);
      print(`${name}  ${(100 * difference).toFixed(1).padStart(5)}     ${(found / reps).toFixed(2)}`);
    }),
  );
}

function chunks(reps: number, seed: number): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = [];
  for (let from = seed; from < seed + reps; from += CHUNK)
    parts.push({ from, to: Math.min(from + CHUNK, seed + reps) });
  return parts;
}

/** Processes that work on tasks side by side. */
class ChildPool {
  readonly #idle: ChildProcess[];
  readonly #all: readonly ChildProcess[];
  readonly #queue: PQueue;

  constructor(jobs: number) {
    const file = fileURLToPath(new URL("./coverage/coverage-child.ts", import.meta.url));
    this.#all = Array.from({ length: jobs }, () => fork(file));
    this.#idle = [...this.#all];
    this.#queue = new PQueue({ concurrency: jobs });
  }

  run(task: CoverageTask): Promise<CoverageAnswer> {
    return this.#queue.add(async () => {
      const child = this.#idle.pop();
      if (child === undefined) throw new Error("Expected an idle process, found none");
      child.send(task);
      const [answer]: CoverageAnswer[] = await once(child, "message");
      this.#idle.push(child);
      if (answer === undefined) throw new Error("Expected an answer, found none");
      return answer;
    });
  }

  close(): void {
    for (const child of this.#all) child.disconnect();
  }
}

export const coverage: Bench = { help: HELP, run: benchCoverage };

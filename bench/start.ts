import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../test/helpers/shared.ts";
import { type Bench, print } from "./bench.ts";
import { countOf } from "./flag-values.ts";
import { type Run, runProgram } from "./run-program.ts";

const HELP = `npm run bench start [-- --rounds N]

How long commands take that do hardly any work, beside Node itself, and what a sweep costs besides merging and generating.
Builds the project first.

  --rounds  of each command, a third as many of the sweep  [5]
`;

/** Where the program is started from: a clone, whose TypeScript is read by tsx, or a build of it, as a package has it. */
const PROGRAMS = { built: "../dist/cli/main.js", clone: "../src/cli/main.ts" } as const;

/** One question of one token at every point: what is left of a sweep without merging and generating. */
const SHORTEST_SWEEP = ["run", "sweeps/pocket.yaml", "--limit", "1", "--max-tokens", "1", "--quiet"];

/** Builds the project, starts commands one after the other, and prints medians. */
async function benchStart(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "5" } } });
  const rounds = countOf("rounds", values.rounds);
  execFileSync("npm", ["run", "-s", "build"], { cwd: projectRoot, stdio: ["ignore", "ignore", "inherit"] });
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-start-"));
  try {
    print(`Median of ${rounds} rounds; load ${loadavg()[0]?.toFixed(1)} at the start\n`);
    print(`${"".padEnd(52)}  wall s   CPU s  peak MB`);
    await row("node alone, with one small module", rounds, () => runProgram("../dist/base/count-of.js"));
    for (const [name, program] of Object.entries(PROGRAMS)) {
      await row(`${name}: mergesweep --help`, rounds, () => runProgram(program, "--help"));
      const pair = ["grade", "--gold", "\\frac12", "--answer", "0.5"];
      await row(`${name}: mergesweep grade, one answer`, rounds, () => runProgram(program, ...pair));
    }
    for (const [name, program] of Object.entries(PROGRAMS)) {
      let turn = 0;
      await row(`${name}: 12 points of 1 question of 1 token *`, Math.ceil(rounds / 3), () => {
        const out = join(folder, `${name}-${turn++}`);
        return runProgram(program, ...SHORTEST_SWEEP, "--out", out, "--report", `${out}-report`);
      });
    }
    print("\n* CPU time without that of the processes that generate. From a clone `npm run` adds its own start.");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function row(name: string, rounds: number, start: () => Promise<{ readonly usage: Run }>): Promise<void> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) runs.push((await start()).usage);
  const median = (figure: (run: Run) => number): number =>
    runs.map(figure).toSorted((x, y) => x - y)[runs.length >> 1] ?? Number.NaN;
  const wall = median((run) => run.wall).toFixed(2);
  const cpu = median((run) => run.user + run.system).toFixed(2);
  const peak = median((run) => run.peakMegabytes).toFixed(0);
  print(`${name.padEnd(52)}${wall.padStart(8)}${cpu.padStart(8)}${peak.padStart(9)}`);
}

export const start: Bench = { help: HELP, run: benchStart };

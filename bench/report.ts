import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, print } from "./bench.ts";
import { countOf } from "./flag-values.ts";
import { makeLargeStore } from "./report/large-store.ts";
import { runProgram } from "./run-program.ts";

const HELP = `npm run bench report [-- --points N --questions N --attempts N]

Makes a run store of points x questions x attempts completions of 200 characters in a temporary folder, and prints seconds and
peak memory of \`score\` (which grades them all and renders the report) and \`report\`.

  --points     [50]
  --questions  [5000]
  --attempts   [4]
`;

/** Measures `score` and `report` on a large store, each in a fresh process. */
async function benchReport(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      points: { type: "string", default: "50" },
      questions: { type: "string", default: "5000" },
      attempts: { type: "string", default: "4" },
    },
  });
  const size = {
    points: countOf("points", values.points),
    questions: countOf("questions", values.questions),
    attempts: countOf("attempts", values.attempts),
  };
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-bench-report-"));
  try {
    makeLargeStore(folder, size);
    const [run, out] = [join(folder, "runs/large"), join(folder, "report")];
    print(
      `${size.points} points x ${size.questions} questions x ${size.attempts} attempts, completions of 200 characters\n`,
    );
    print(`${"".padEnd(10)}  wall s   CPU s  peak MB`);
    for (const [name, command] of [
      ["score", ["score", run, "--root", folder]],
      ["report", ["report", run, "--out", out]],
    ] as const) {
      const { usage } = await runProgram("../src/cli/main.ts", ...command);
      const numbers = [usage.wall.toFixed(1), (usage.user + usage.system).toFixed(1), usage.peakMegabytes.toFixed(0)];
      print(name.padEnd(10) + numbers.map((number) => number.padStart(8)).join(""));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    // Where `score` puts the report of a run of this name.
    rmSync("reports/large", { recursive: true, force: true });
  }
}

export const report: Bench = { help: HELP, run: benchReport };

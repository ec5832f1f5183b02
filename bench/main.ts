import { explanationOf, UsageError } from "../src/base/errors.ts";
import { benchCoverage } from "./coverage.ts";
import { benchFuzz } from "./fuzz.ts";
import { benchGpu } from "./gpu.ts";
import { benchGrade } from "./grade.ts";
import { benchKills } from "./kills.ts";
import { benchMerge } from "./merge.ts";
import { mutate } from "./mutate.ts";
import { benchReport } from "./report.ts";
import { benchRuntime } from "./runtime.ts";
import { benchSearch } from "./search.ts";
import { benchStart } from "./start.ts";
import { benchWorkers } from "./workers.ts";

/** `npm run bench NAME`: measurements, printed as tables. Never a test: machines are noisy. */
const benches: Record<string, (args: string[]) => Promise<void>> = {
  coverage: benchCoverage,
  fuzz: benchFuzz,
  gpu: benchGpu,
  grade: benchGrade,
  kills: benchKills,
  merge: benchMerge,
  mutate,
  report: benchReport,
  runtime: benchRuntime,
  search: benchSearch,
  start: benchStart,
  workers: benchWorkers,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`Expected one of ${Object.keys(benches).join(", ")}; found "${name}"\n`);
  process.exitCode = 2;
} else {
  try {
    await bench(args);
  } catch (error) {
    if (!(error instanceof UsageError) && !isUnknownFlag(error)) throw error;
    process.stderr.write(`${explanationOf(error)}\n`);
    process.exitCode = 2;
  }
}

/** What `parseArgs` says of a flag that a bench does not have. */
function isUnknownFlag(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

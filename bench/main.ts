import { explanationOf, UsageError } from "../src/base/errors.ts";
import { type Bench, print } from "./bench.ts";
import { coverage } from "./coverage.ts";
import { fuzz } from "./fuzz.ts";
import { gpu } from "./gpu.ts";
import { grade } from "./grade.ts";
import { kills } from "./kills.ts";
import { merge } from "./merge.ts";
import { mutate } from "./mutate.ts";
import { report } from "./report.ts";
import { runtime } from "./runtime.ts";
import { search } from "./search.ts";
import { start } from "./start.ts";
import { workers } from "./workers.ts";

/** `npm run bench NAME`: measurements, printed as tables. Never a test: machines are noisy. */
const benches: Readonly<Record<string, Bench>> = {
  coverage,
  fuzz,
  gpu,
  grade,
  kills,
  merge,
  mutate,
  report,
  runtime,
  search,
  start,
  workers,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`Expected one of ${Object.keys(benches).join(", ")}; found "${name}"\n`);
  process.exitCode = 2;
} else {
  try {
    if (args.includes("--help") || args.includes("-h")) print(bench.help);
    else await bench.run(args);
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

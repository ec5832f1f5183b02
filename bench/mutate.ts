import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../src/base/errors.ts";
import { seededRandom } from "../src/base/random.ts";
import { projectRoot } from "../test/helpers/shared.ts";
import { countOf } from "./flag-values.ts";
import { findMutants, type Mutant } from "./mutate/find-mutants.ts";
import { IN_ONE_PROCESS, TestCopy } from "./mutate/test-copy.ts";
import { mapTests, type TestMap } from "./mutate/test-map.ts";

const FOLDERS = ["stats", "findings", "scorers", "runs", "report"];
/** Tests that take this much longer than they do without a mutant loop: many times their time, and a start on a busy machine. */
const timeoutOf = (milliseconds: number): number => 60_000 + 5 * milliseconds;

const HELP = `npm run mutate [-- --sample N --seed N --jobs N --only FOLDER --list]

Changes one operator, condition or constant of src/{${FOLDERS.join(",")}} at a time and runs the unit tests that call the function
it is in. A mutant that no test notices survives: something is not tested. One that no test reaches is untested; one
that keeps the tests from ending is counted apart from those that a test has failed for. The score counts both as noticed.

  --sample  how many mutants are drawn   [400]
  --seed    of the draw                  [1]
  --jobs    mutants at the same time     [2]
  --only    one folder or file below src
  --list    print the mutants that were drawn, run nothing
`;

const OUTCOMES = ["killed", "timed out", "survived", "untested"] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Prints how many of a sample of mutants the unit tests kill, by folder, and every one that survives. */
export async function mutate(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sample: { type: "string", default: "400" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "2" },
      only: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return print(HELP);
  const mutants = drawMutants(values.only, countOf("sample", values.sample), countOf("seed", values.seed, 0));
  if (values.list) return mutants.forEach((mutant) => print(describe(mutant)));
  const start = Date.now();
  const outcomes = await tryAll(mutants, countOf("jobs", values.jobs));
  print(`\n${table(outcomes)}\n${((Date.now() - start) / 60_000).toFixed(1)} minutes, seed ${values.seed}`);
}

async function tryAll(mutants: readonly Mutant[], jobs: number): Promise<Map<Mutant, Outcome>> {
  const first = new TestCopy();
  const copies = [first, ...Array.from({ length: jobs - 1 }, () => new TestCopy())];
  const outcomes = new Map<Mutant, Outcome>();
  try {
    const map = await mapTests(first, [...new Set(mutants.map(({ file }) => file))], jobs);
    const left = mutants.values();
    const work = async (copy: TestCopy): Promise<void> => {
      for (const mutant of left) {
        const outcome = await tryMutant(mutant, copy, map);
        outcomes.set(mutant, outcome);
        if (outcome !== "killed") print(`${outcome}: ${describe(mutant)}`);
        if (outcomes.size % 20 === 0)
          print(`${outcomes.size} of ${mutants.length}: ${scoreOf([...outcomes.values()])} noticed`);
      }
    };
    await expectPassing(first, map, mutants);
    await Promise.all(copies.map(work));
  } finally {
    for (const copy of copies) copy.remove();
  }
  return outcomes;
}

/** Tests that fail without a mutant, in the one process in which mutants are tried, would kill every one of them. */
async function expectPassing(copy: TestCopy, map: TestMap, mutants: readonly Mutant[]): Promise<void> {
  const tests = map.testsOfAny(mutants).map(({ test }) => test);
  if (tests.length === 0) return;
  const outcome = await copy.run(["run", ...tests, ...IN_ONE_PROCESS], {});
  if (outcome !== "passed")
    throw new Error(`Expected the tests to pass without a mutant in one process; they ${outcome}`);
}

/** A seeded draw without replacement, of all the mutants of the files that are looked at. */
function drawMutants(only: string | undefined, sample: number, seed: number): Mutant[] {
  const src = join(projectRoot, "src");
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && (only === undefined ? isLookedAt(name) : name.startsWith(only)))
    .toSorted();
  const all = files.flatMap((name) => findMutants(`src/${name}`, readFileSync(join(src, name), "utf8")));
  if (all.length === 0)
    throw new UsageError(`--only ${only}: expected a folder or file below src with something to change`);
  const random = seededRandom(seed);
  return all
    .map((mutant) => ({ mutant, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .slice(0, sample)
    .map(({ mutant }) => mutant);
}

function isLookedAt(name: string): boolean {
  return FOLDERS.includes(name.split("/")[0] ?? "");
}

async function tryMutant(mutant: Mutant, copy: TestCopy, map: TestMap): Promise<Outcome> {
  const tests = map.testsOf(mutant);
  if (tests.length === 0) return "untested";
  const milliseconds = tests.reduce((sum, test) => sum + test.milliseconds, 0);
  const outcome = await copy.try(
    mutant,
    tests.map(({ test }) => test),
    timeoutOf(milliseconds),
  );
  return outcome === "passed" ? "survived" : outcome === "failed" ? "killed" : outcome;
}

function describe({ file, line, original, replacement }: Mutant): string {
  return `${file}:${line}  ${shortened(original)}  ->  ${shortened(replacement)}`;
}

function shortened(text: string): string {
  return (text.length > 60 ? `${text.slice(0, 57)}...` : text).replaceAll("\n", " ");
}

function table(outcomes: ReadonlyMap<Mutant, Outcome>): string {
  const lines = [["folder", "mutants", ...OUTCOMES, "score"]];
  const rows = [...outcomes];
  for (const folder of [...new Set(rows.map(([{ file }]) => file.split("/")[1] ?? "")), "all"].toSorted()) {
    const own = rows.filter(([{ file }]) => folder === "all" || file.startsWith(`src/${folder}/`));
    const counts = OUTCOMES.map((outcome) => own.filter(([, found]) => found === outcome).length);
    const score = scoreOf(own.map(([, outcome]) => outcome));
    lines.push([folder, own.length, ...counts, score].map(String));
  }
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(11))).join(""))
    .join("\n");
}

function scoreOf(outcomes: readonly Outcome[]): string {
  const noticed = outcomes.filter((outcome) => outcome === "killed" || outcome === "timed out").length;
  return `${((100 * noticed) / outcomes.length).toFixed(1)}%`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

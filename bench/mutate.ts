import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import PQueue from "p-queue";
import { seededRandom } from "../src/base/random.ts";
import { projectRoot } from "../test/helpers/shared.ts";
import { type Bench, print } from "./bench.ts";
import { countOf } from "./flag-values.ts";
import { findMutants, type Mutant } from "./mutate/find-mutants.ts";
import { relatedTests } from "./mutate/related-tests.ts";

const FOLDERS = ["stats", "findings", "scorers", "runs", "report"];
/** A mutant that makes the tests run longer than this has been noticed: it loops. */
const TIMEOUT_MS = 120_000;

const HELP = `npm run mutate [-- --sample N --seed N --jobs N --only FOLDER --list]

Changes one operator, condition or constant of src/{${FOLDERS.join(",")}} at a time and runs the unit tests that reach it.
A mutant that no test notices survives: something is not tested.

  --sample  how many mutants are drawn   [400]
  --seed    of the draw                  [1]
  --jobs    mutants at the same time     [2]
  --only    one folder or file below src
  --list    print the mutants that were drawn, run nothing
`;

type Outcome = "killed" | "survived" | "untested";

/** Prints how many of a sample of mutants the unit tests kill, by folder, and every one that survives. */
async function tryMutants(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sample: { type: "string", default: "400" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "2" },
      only: { type: "string" },
      list: { type: "boolean", default: false },
    },
  });
  const mutants = drawMutants(values.only, countOf("sample", values.sample), countOf("seed", values.seed, 0));
  if (values.list) return mutants.forEach((mutant) => print(describe(mutant)));
  const folders = Array.from({ length: countOf("jobs", values.jobs) }, copyProject);
  const outcomes = new Map<Mutant, Outcome>();
  const start = Date.now();
  try {
    const queue = new PQueue({ concurrency: folders.length });
    const idle = [...folders];
    await queue.addAll(
      mutants.map((mutant) => async () => {
        const folder = idle.pop() ?? "";
        const outcome = await tryMutant(mutant, folder);
        idle.push(folder);
        outcomes.set(mutant, outcome);
        if (outcome !== "killed") print(`${outcome}: ${describe(mutant)}`);
      }),
    );
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
  print(`\n${table(outcomes)}\n${((Date.now() - start) / 60_000).toFixed(1)} minutes, seed ${values.seed}`);
}

/** A seeded draw without replacement, of all the mutants of the files that are looked at. */
function drawMutants(only: string | undefined, sample: number, seed: number): Mutant[] {
  const src = join(projectRoot, "src");
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && (only === undefined ? isLookedAt(name) : name.startsWith(only)))
    .toSorted();
  const all = files.flatMap((name) => findMutants(`src/${name}`, readFileSync(join(src, name), "utf8")));
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

/** The files of the project as they are, beside links to what is large and never changes. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-mutate-"));
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: projectRoot });
  for (const name of listed.toString().split("\n").filter(Boolean)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(projectRoot, name), join(folder, name), { force: true });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function tryMutant(mutant: Mutant, folder: string): Promise<Outcome> {
  const tests = relatedTests(folder, mutant.file);
  if (tests.length === 0) return "untested";
  const path = join(folder, mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end));
  try {
    return (await passes(folder, tests)) ? "survived" : "killed";
  } finally {
    writeFileSync(path, text);
  }
}

/** Whether these tests pass, in the order given; the first failure ends them. */
function passes(folder: string, tests: readonly string[]): Promise<boolean> {
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  // One process that reads every module once: half of a short run would go into reading them again for every file.
  const flags = ["--project", "unit", "--bail", "1", "--maxWorkers", "1", "--no-isolate", "--reporter", "dot"];
  const args = [vitest, "run", ...flags, ...tests];
  const shared = process.env.MERGESWEEP_SHARED ?? join(projectRoot, "../shared");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: "ignore",
      detached: true,
      env: { ...process.env, MERGESWEEP_SHARED: shared, CI: "true" },
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, TIMEOUT_MS);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

function describe({ file, line, original, replacement }: Mutant): string {
  return `${file}:${line}  ${shortened(original)}  ->  ${shortened(replacement)}`;
}

function shortened(text: string): string {
  return (text.length > 60 ? `${text.slice(0, 57)}...` : text).replaceAll("\n", " ");
}

function table(outcomes: ReadonlyMap<Mutant, Outcome>): string {
  const lines = [["folder", "mutants", "killed", "survived", "untested", "score"]];
  const rows = [...outcomes];
  for (const folder of [...new Set(rows.map(([{ file }]) => file.split("/")[1] ?? "")), "all"].toSorted()) {
    const own = rows.filter(([{ file }]) => folder === "all" || file.startsWith(`src/${folder}/`));
    const count = (outcome: Outcome): number => own.filter(([, found]) => found === outcome).length;
    const score = `${((100 * count("killed")) / own.length).toFixed(1)}%`;
    lines.push([folder, own.length, count("killed"), count("survived"), count("untested"), score].map(String));
  }
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(9))).join(""))
    .join("\n");
}

export const mutate: Bench = { help: HELP, run: tryMutants };

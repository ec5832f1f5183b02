import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, expect } from "vitest";
import { scratchFolder } from "../files/scratch-folder.ts";
import { type CliResult, cli } from "../run-cli.ts";
import { projectRoot } from "../shared.ts";

/** Two points over experts of one's own, six problems each. */
export const SMALL_SWEEP = `name: small
axes: { w: [0, 1] }
recipe:
  merge_method: linear
  models:
    - { model: len, parameters: { weight: "\${w}" } }
    - { model: accfmt, parameters: { weight: "\${1 - w}" } }
  parameters: { normalize: true }
  dtype: bfloat16
benchmarks: [{ name: pocket-math, limit: 6 }]
generation: { max_tokens: 48 }
`;

/** A project with a finished run in `store` and its report in `report`; every test has a copy. */
export interface FinishedStore {
  /** The test's own copy. */
  readonly folder: string;
  /** The one that all copies are of. */
  readonly made: string;
  /** `mergesweep run` of the project's sweep. */
  run(...args: string[]): Promise<CliResult>;
  /** The path of a unit's folder, or of a file in it. */
  unit(name: string, file?: string): string;
  /** A unit's completions, as they are stored. */
  lines(name: string): Promise<string[]>;
  /** The lines of a report's summary.csv. */
  summary(report?: string): Promise<string[]>;
  /** Writes something else into a file of the project. */
  change(file: string, from: string | RegExp, to: string): Promise<void>;
}

/** Makes the project once for all tests of a file. */
export function useFinishedStore(): FinishedStore {
  let [made, folder] = ["", ""];
  const run = (...args: string[]): Promise<CliResult> => {
    const places = ["--out", join(folder, "store"), "--report", join(folder, "report")];
    return cli(["run", join(folder, "sweep.yaml"), ...places, "--workers", "1", ...args]);
  };
  const unit = (name: string, file = ""): string => join(folder, "store/units", name, file);
  beforeAll(async () => {
    made = scratchFolder();
    folder = made;
    for (const name of ["len", "accfmt"]) {
      await cp(join(projectRoot, "checkpoints/pocket", name), join(made, name), { recursive: true });
    }
    await cp(join(projectRoot, "datasets"), join(made, "datasets"), { recursive: true });
    await writeFile(join(made, "sweep.yaml"), SMALL_SWEEP);
    const { code, stderr } = await run();
    if (code !== 0) throw new Error(stderr);
  }, 120_000);
  beforeEach(async () => {
    folder = scratchFolder();
    await cp(made, folder, { recursive: true, preserveTimestamps: true });
  });
  return {
    get folder() {
      return folder;
    },
    get made() {
      return made;
    },
    run,
    unit,
    lines: async (name) => (await readFile(unit(name, "samples.jsonl"), "utf8")).trim().split("\n"),
    summary: async (report = "report") =>
      (await readFile(join(folder, report, "summary.csv"), "utf8")).trim().split("\n"),
    change: async (file, from, to) => {
      const path = join(folder, file);
      const text = await readFile(path, "utf8");
      expect(text).toMatch(from);
      await writeFile(path, text.replace(from, to));
    },
  };
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./find-mutants.ts";
import type { TestCopy } from "./test-copy.ts";

/** What the tests of one file have called, as `record-calls.ts` writes it down. */
export interface Calls {
  readonly test: string;
  /** Of the whole file, loading and hooks included. */
  readonly milliseconds: number;
  /** Names of functions by file of the source. A file that was loaded and not called has its top level only, named "". */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/** Which unit tests reach a mutant, and how long they take without it. */
export class TestMap {
  readonly #calls: readonly Calls[];

  constructor(calls: readonly Calls[]) {
    this.#calls = calls;
  }

  /**
   * The tests that call the function that a mutant is in, or load its file where it is in none: those named like the file come
   * first, then the quick ones, as the first failure ends a run. Empty where no test gets there.
   */
  testsOf({ file, within }: Mutant): Calls[] {
    const name = file.slice(file.lastIndexOf("/") + 1, -".ts".length);
    const isNamed = ({ test }: Calls): number => (test.endsWith(`/${name}.test.ts`) ? 0 : 1);
    return this.#calls
      .filter(({ files }) => files[file]?.includes(within) === true)
      .toSorted((a, b) => isNamed(a) - isNamed(b) || a.milliseconds - b.milliseconds);
  }

  /** All tests that reach one of these mutants. */
  testsOfAny(mutants: readonly Mutant[]): Calls[] {
    return [...new Set(mutants.flatMap((mutant) => this.testsOf(mutant)))];
  }
}

/**
 * Runs the unit tests that these files of the source can reach once, each test file in a process of its own, and notes what
 * they call.
 *
 * @throws Error where one of them fails without any mutant
 */
export async function mapTests(copy: TestCopy, files: readonly string[], jobs: number): Promise<TestMap> {
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-calls-"));
  try {
    const args = ["related", "--run", ...files, "--maxWorkers", String(jobs)];
    const outcome = await copy.run(args, { MERGESWEEP_CALLS: folder });
    if (outcome !== "passed")
      throw new Error(`Expected the unit tests to pass without a mutant; they ${outcome}: see npm run test:unit`);
    const read = (name: string): Calls => JSON.parse(readFileSync(join(folder, name), "utf8"));
    return new TestMap(readdirSync(folder).map(read));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

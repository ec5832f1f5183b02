import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectRoot } from "../../test/helpers/shared.ts";
import type { Mutant } from "./find-mutants.ts";

export type TestOutcome = "passed" | "failed" | "timed out";

/** A copy of the project in which source files can be changed and tested: its files as they are, beside a link to node_modules. */
export class TestCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), "mergesweep-mutate-"));
  readonly #root = join(this.#folder, "project");
  /** Of the tests: emptied after each run, as one that is killed leaves its folders behind. */
  readonly #temporary = join(this.#folder, "tmp");

  constructor() {
    const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: projectRoot,
    });
    for (const name of listed.toString().split("\n").filter(Boolean)) {
      mkdirSync(dirname(join(this.#root, name)), { recursive: true });
      cpSync(join(projectRoot, name), join(this.#root, name), { force: true });
    }
    symlinkSync(join(projectRoot, "node_modules"), join(this.#root, "node_modules"));
  }

  /** Runs tests with a mutant in its place, in the order given: in one process that reads every module once, until one fails. */
  async try(mutant: Mutant, tests: readonly string[], timeout: number): Promise<TestOutcome> {
    const path = join(this.#root, mutant.file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end));
    try {
      return await this.run(["run", ...tests, ...IN_ONE_PROCESS], {}, timeout);
    } finally {
      writeFileSync(path, text);
    }
  }

  /**
   * Runs Vitest over unit tests.
   *
   * @param args which, and how
   * @param timeout after which it is killed, in milliseconds
   */
  run(args: readonly string[], env: NodeJS.ProcessEnv, timeout?: number): Promise<TestOutcome> {
    mkdirSync(this.#temporary);
    const child = spawn(process.execPath, [VITEST, ...args, ...FLAGS], {
      cwd: this.#root,
      stdio: "ignore",
      detached: true,
      env: { ...process.env, MERGESWEEP_SHARED: SHARED, TMPDIR: this.#temporary, CI: "true", ...env },
    });
    return new Promise<TestOutcome>((resolve, reject) => {
      let outcome: TestOutcome | undefined;
      const timer =
        timeout !== undefined &&
        setTimeout(() => {
          outcome = "timed out";
          if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        }, timeout);
      child.on("error", reject);
      child.on("exit", (code) => {
        if (timer !== false) clearTimeout(timer);
        resolve(outcome ?? (code === 0 ? "passed" : "failed"));
      });
    }).finally(() => rmSync(this.#temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export const IN_ONE_PROCESS: readonly string[] = ["--bail", "1", "--maxWorkers", "1", "--no-isolate"];
const FLAGS = ["--root", ".", "--config", "bench/mutate/vitest.config.ts", "--project", "unit", "--reporter", "dot"];
const VITEST = join(projectRoot, "node_modules/vitest/vitest.mjs");
const SHARED = process.env.MERGESWEEP_SHARED ?? join(projectRoot, "../shared");

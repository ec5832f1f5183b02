import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import type { Calls } from "./test-map.ts";

/** Loaded before each test file of a recording run: writes down which functions of src its tests have called, and how long they took. */
const root = join(import.meta.dirname, "../..");
const folder = process.env.MERGESWEEP_CALLS ?? "";
const start = performance.now();
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });

afterAll(() => {
  const test = relative(root, expect.getState().testPath ?? "").replaceAll("\\", "/");
  session.post("Profiler.takePreciseCoverage", (error, coverage) => {
    if (error !== null) throw error;
    const files: Record<string, string[]> = {};
    for (const { url, functions } of coverage.result) {
      const file = relative(root, url.startsWith("file:") ? fileURLToPath(url) : url).replaceAll("\\", "/");
      if (!file.startsWith("src/")) continue;
      const called = functions
        .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
        .map(({ functionName }) => functionName);
      files[file] = [...new Set([...(files[file] ?? []), ...called])];
    }
    const calls: Calls = { test, milliseconds: Math.round(performance.now() - start), files };
    writeFileSync(join(folder, `${test.replaceAll("/", ",")}.json`), JSON.stringify(calls));
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/report/render-report.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";
import { changeScores, POCKET_POINTS, syntheticRun } from "./synthetic-run.ts";

/**
 * A small run with something of everything: two benchmarks, two attempts, a reference, twins, a point that failed, truncation,
 * questions that one point was not asked.
 */
async function goldenRun(): Promise<StoredRun> {
  const chosen = [0, 3, 5, 7, 8, 10].flatMap((i) => POCKET_POINTS[i] ?? []);
  const run = syntheticRun({ samples: 24, attempts: 2, benchmarks: ["sums", "words"], points: chosen });
  const changed = await changeScores(run, (scores, { name }) =>
    scores
      .filter(({ sample }) => name !== "w=0.5" || !sample.endsWith("-001"))
      .map((score) => (score.tokens !== null && score.tokens > 115 ? { ...score, truncated: 1 as const } : score)),
  );
  const [first] = changed.evaluated;
  return {
    ...changed,
    evaluated: changed.evaluated.flatMap((unit) => {
      if (unit.point.name === "w=0.8") return [];
      if (unit.point.name !== "w=0.3" || first === undefined) return [unit];
      const { weights_sha256 } = first.result;
      return [
        {
          ...first,
          point: unit.point,
          result: { ...unit.result, weights_sha256, identity: first.result.identity, same_as: first.point.unit },
        },
      ];
    }),
    failed: [{ point: "w=0.8", message: "The process that runs llama.cpp was ended by SIGKILL.", earlier: [] }],
  };
}

let folder = "";
beforeAll(async () => {
  folder = scratchFolder();
  await renderReport(await goldenRun(), folder, { charts: false });
});

describe("the golden report", () => {
  it.each(["summary.csv", "samples.csv", "comparisons.csv", "averages.csv", "summary.md", "report.json"])(
    "%s is what it was, to the byte",
    async (name) => {
      const text = await readFile(join(folder, name), "utf8");
      await expect(text).toMatchFileSnapshot(join(projectRoot, "test/fixtures/golden-report", name));
    },
  );
});

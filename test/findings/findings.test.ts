import { describe, expect, it } from "vitest";
import { comparePoints } from "../../src/findings/compare-points.ts";
import { findings, runNotes } from "../../src/findings/findings.ts";
import { summarize } from "../../src/findings/summarize.ts";
import { describeRun } from "../../src/report/page/markdown.ts";
import type { EvaluatedPoint, StoredRun } from "../../src/runs/schema.ts";
import { syntheticRun } from "../report/synthetic-run.ts";

/** A run of one point, changed. */
function runOfOne(change: (evaluated: EvaluatedPoint) => EvaluatedPoint = (same) => same): StoredRun {
  const run = syntheticRun({ samples: 1, points: [], axes: [] });
  return { ...run, evaluated: run.evaluated.map(change) };
}

function sentences(run: StoredRun): string {
  const rows = summarize(run);
  const said = findings(run, rows, comparePoints(run), []).flatMap((one) => one.sentences);
  return [describeRun(run.manifest), ...runNotes(run, rows), ...said].join("\n");
}

describe("what a report says", () => {
  it("speaks of one as of one", () => {
    const text = sentences(runOfOne((one) => ({ ...one, result: { ...one.result, repeated: { asked: 1, same: 1 } } })));
    expect(text).toContain("1 point or reference on pocket-math (1 question, 1 attempt each).");
    expect(text).toContain("1 of 1 completion that was asked for twice came out the same.");
    expect(text).not.toMatch(/\b1 (points|questions|completions|attempts)\b/);
  });

  it("has no accuracy of those that were not cut off where all were", () => {
    const text = sentences(
      runOfOne((one) => ({ ...one, scores: one.scores.map((score) => ({ ...score, truncated: 1 })) })),
    );
    expect(text).toContain("Up to 100.0% of the completions were cut off (base).");
    expect(text).not.toContain("its others");
  });
});

import { describe, expect, it } from "vitest";
import { sha256 } from "../../../src/base/digest.ts";
import { StoreError } from "../../../src/base/errors.ts";
import { judge } from "../../../src/findings/judge.ts";
import { compareRuns, comparisonTable } from "../../../src/report/tables/compare-runs.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { syntheticRun } from "../synthetic-run.ts";

const named = (name: string, run: StoredRun): { name: string; run: StoredRun } => ({ name, run });
const sweep = syntheticRun({ samples: 200 });

describe("two points of one run", () => {
  it("are compared as the report compares them", () => {
    const run = named("pocket", sweep);
    const [found] = compareRuns(run, run, ["w=0", "w=1"]);
    const reported = judge(sweep).comparisons.find(({ point, baseline }) => point === "w=1" && baseline === "w=0");
    expect(reported?.accuracyStrict?.difference).toBeLessThan(-0.5);
    expect(found?.accuracyStrict?.difference).toBe(reported?.accuracyStrict?.difference);
    expect(found?.accuracyStrict?.interval).toEqual(reported?.accuracyStrict?.interval);
    // A family of its own, of four claims: adjusted for less.
    expect(found?.accuracy?.pAdjusted).toBeLessThanOrEqual(reported?.accuracy?.pAdjusted ?? 0);
    const [swapped] = compareRuns(run, run, ["w=1", "w=0"]);
    expect(swapped?.accuracyStrict?.difference).toBe(-(reported?.accuracyStrict?.difference ?? 0));
  });

  it("must be there and finished", () => {
    const run = named("pocket", sweep);
    expect(() => compareRuns(run, run, ["w=0", "w=0.75"])).toThrow(StoreError);
    expect(() => compareRuns(run, run, ["w=0", "w=0.75"])).toThrow(/pocket has no finished point "w=0\.75"/);
  });
});

describe("two runs", () => {
  it("are compared at the points of the same name, adjusted for how many these are", () => {
    const fewer = syntheticRun({ samples: 50 });
    const found = compareRuns(named("a", sweep), named("b", fewer));
    expect(found.map(({ point }) => point)).toEqual(fewer.manifest.points.map(({ name }) => `b:${name}`));
    expect(found.map(({ baseline }) => baseline)).toEqual(sweep.manifest.points.map(({ name }) => `a:${name}`));
    // The first 50 problems were answered alike; the others by one run only.
    expect(found.every(({ samples, accuracy }) => samples === 50 && accuracy?.difference === 0)).toBe(true);
    expect(comparisonTable(found).rows[0]).toEqual(expect.arrayContaining(["b:w=0", "a:w=0", "50", "0 : 0"]));
  });

  it("of one model each are compared whatever the models are called", () => {
    const base = syntheticRun({ points: [], axes: [] });
    const other = syntheticRun({
      points: [],
      axes: [],
      references: { tuned: { accuracy: 0.95, strict: 0.9, format: 1, tokens: 40 } },
    });
    const [found] = compareRuns(named("a", base), named("b", other));
    expect(found).toMatchObject({ point: "b:tuned", baseline: "a:base", samples: 500 });
    expect(found?.accuracy?.interval?.low).toBeGreaterThan(0.05);
    expect(found?.tokens?.interval?.high).toBeLessThan(0.8);
  });

  it("that have nothing in common, or asked other problems under the same name, are refused", () => {
    const other = syntheticRun({ benchmarks: ["other"] });
    expect(() => compareRuns(named("a", sweep), named("b", other))).toThrow(/same name and benchmark/);
    const benchmarks = sweep.manifest.benchmarks.map((benchmark) => ({ ...benchmark, data_sha256: sha256("new") }));
    const renewed = { ...sweep, manifest: { ...sweep.manifest, benchmarks } };
    expect(() => compareRuns(named("a", sweep), named("b", renewed))).toThrow(/different problems as pocket-math/);
  });
});

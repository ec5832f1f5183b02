import { describe, expect, it } from "vitest";
import { judge } from "../../src/findings/judge.ts";
import { layOver } from "../../src/runs/lay-over.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { alongW, drawRun } from "../helpers/runs/worlds.ts";

const world = (levels: readonly number[], seed: number): StoredRun => {
  const run = drawRun({ points: alongW(levels.map((accuracy) => ({ accuracy }))), questions: 300 }, seed);
  const benchmarks = run.manifest.benchmarks.map((one) => ({ ...one, data_sha256: "d".repeat(64) }));
  const evaluated = run.evaluated.map((unit) => ({
    ...unit,
    result: { ...unit.result, identity: `${seed}`.padStart(64, unit.result.identity) },
  }));
  return { ...run, manifest: { ...run.manifest, benchmarks }, evaluated };
};

describe("runs that are laid over one another", () => {
  const linear = world([0.8, 0.8, 0.8], 1);
  const ties = world([0.8, 0.5, 0.8], 2);
  const laid = layOver([
    { name: "linear", run: linear },
    { name: "ties", run: ties },
  ]);

  it("are one run whose points are told apart by theirs", () => {
    expect(laid.manifest.points.map(({ name }) => name)).toEqual([
      "linear/w=0",
      "linear/w=0.5",
      "linear/w=1",
      "ties/w=0",
      "ties/w=0.5",
      "ties/w=1",
    ]);
    expect(laid.manifest.axes).toEqual(["w", "run"]);
    expect(laid.runs).toEqual(["linear", "ties"]);
    expect(laid.evaluated.map(({ point }) => point.axes.run)).toEqual([
      "linear",
      "linear",
      "linear",
      "ties",
      "ties",
      "ties",
    ]);
  });

  it("are one family: points of one weight are compared between them, however the same their tensors", () => {
    const judged = judge(laid);
    expect(judged.rows).toHaveLength(6);
    const pair = judged.comparisons.find(
      ({ point, baseline }) => point === "ties/w=0.5" && baseline === "linear/w=0.5",
    );
    expect(pair?.accuracy?.difference).toBeLessThan(-0.2);
    expect(pair?.accuracy?.pAdjusted).toBeLessThan(0.01);
    const said = judged.claims.filter(({ shown }) => shown).map(({ text }) => text);
    expect(said.join("\n")).toMatch(
      /Between the runs, strict accuracy differs: ties\/w=0\.5 from linear\/w=0\.5 \(-\d+/,
    );
    expect(judged.decisions[0]?.candidates).not.toContain("ties/w=0.5");
  });

  it("keep their own names where these do not collide, and one run alone stays as it is", () => {
    const other = {
      ...ties,
      manifest: {
        ...ties.manifest,
        points: ties.manifest.points.map((point) => ({ ...point, name: `t-${point.name}` })),
      },
    };
    expect(
      layOver([
        { name: "a", run: linear },
        { name: "b", run: other },
      ]).manifest.points.map(({ name }) => name),
    ).toContain("t-w=0");
    expect(layOver([{ name: "a", run: linear }])).toBe(linear);
  });

  it.each([
    ["max_tokens", { max_tokens: 5 }, /max_tokens: 1000000 and 5/],
    ["scoring", { scoring: { profile: "qwen", formats: {} } }, /scoring: .*default.* and .*qwen/],
    [
      "data",
      { benchmarks: ties.manifest.benchmarks.map((one) => ({ ...one, data_sha256: "e".repeat(64) })) },
      /data of world0: "dddddddddddd" and "eeeeeeeeeeee"/,
    ],
  ])("are refused where their %s differs, which is named", (_what, change, message) => {
    const other = { ...ties, manifest: { ...ties.manifest, ...change } };
    expect(() =>
      layOver([
        { name: "a", run: linear },
        { name: "b", run: other },
      ]),
    ).toThrow(message);
    expect(() =>
      layOver([
        { name: "a", run: linear },
        { name: "a", run: ties },
      ]),
    ).toThrow(/"a" twice/);
  });
});

import { describe, expect, it } from "vitest";
import type { Manifest, SampleRecord } from "../../../src/runs/schema.ts";
import { SweepTally } from "../../../src/sweep/run/tally.ts";
import { syntheticRun } from "../../report/synthetic-run.ts";

function record(benchmark: string, tokens: number): SampleRecord {
  return {
    benchmark,
    sample: "1",
    attempt: 0,
    seed: 0,
    prompt_sha256: "0".repeat(64),
    prefill: "",
    completion: "",
    finish_reason: "stop",
    prompt_tokens: 1,
    completion_tokens: tokens,
    thinking_tokens: null,
    milliseconds: 1,
  };
}

/** Eleven points and a base, each 10 problems of a short benchmark and 10 of a long one. */
const manifest: Manifest = syntheticRun({ samples: 10, benchmarks: ["short", "long"] }).manifest;
const nobody = (): number => 0;

/** A tally that begins at 0. */
function tallyOf(points: number): SweepTally {
  return new SweepTally({ ...manifest, points: manifest.points.slice(0, points) }, 2, 0);
}

describe("the time that is left", () => {
  it("is by the length of each benchmark's own completions", () => {
    const tally = tallyOf(1);
    tally.count({ kind: "unit-started", point: "w=0", stored: [] }, 0);
    for (let i = 0; i < 10; i++) tally.count({ kind: "completion", point: "w=0", record: record("short", 10) }, 0);
    tally.count({ kind: "completion", point: "w=0", record: record("long", 900) }, 10_000);
    // 1000 tokens in 10 s; 9 long ones of 900 tokens are left.
    expect(tally.progress(10_000, nobody)).toMatchObject({
      tokens_per_second: 100,
      seconds_left: 81,
      samples_done: 11,
    });
  });

  it("takes a benchmark of which nothing is known for as long as the others", () => {
    const tally = tallyOf(2);
    tally.count({ kind: "unit-started", point: "w=0", stored: [] }, 0);
    tally.count({ kind: "completion", point: "w=0", record: record("short", 50) }, 0);
    expect(tally.progress(1000, nobody).seconds_left).toBe(39);
  });

  it("is not known before anything is measured, and none when all is done", () => {
    const tally = tallyOf(1);
    expect(tally.progress(5000, nobody)).toMatchObject({ seconds_left: null, tokens_per_second: 0 });
    tally.count({ kind: "unit-started", point: "w=0", stored: [record("short", 10)] }, 5000);
    expect(tally.progress(5000, nobody)).toMatchObject({ seconds_left: null, samples_done: 1, samples_total: 20 });
    tally.count({ kind: "unit-done", point: "w=0", sameAs: null, resumed: false }, 6000);
    expect(tally.progress(6000, nobody)).toMatchObject({ seconds_left: 0, points_done: 1, samples_done: 20 });
  });

  it("knows lengths from what was stored before, and speed from now on", () => {
    const tally = tallyOf(1);
    const stored = Array.from({ length: 9 }, () => record("long", 1000));
    tally.count({ kind: "unit-started", point: "w=0", stored }, 0);
    tally.count({ kind: "completion", point: "w=0", record: record("short", 100) }, 0);
    // 9 short ones of 100 tokens and a long one of 1000.
    expect(tally.progress(10_000, nobody)).toMatchObject({ tokens_per_second: 10, seconds_left: 190 });
  });
});

describe("points", () => {
  it("that are resumed, the same as others, or failed are not worked on any more", () => {
    const tally = tallyOf(4);
    tally.count({ kind: "unit-done", point: "w=0", sameAs: null, resumed: true }, 0);
    tally.count({ kind: "unit-done", point: "w=0.1", sameAs: "w=0", resumed: false }, 0);
    tally.count({ kind: "unit-started", point: "w=0.2", stored: [] }, 0);
    tally.count({ kind: "completion", point: "w=0.2", record: record("short", 30) }, 0);
    tally.count({ kind: "unit-failed", point: "w=0.2", message: "" }, 0);
    tally.count({ kind: "unit-started", point: "w=0.3", stored: [] }, 1000);
    tally.count({ kind: "completion", point: "w=0.3", record: record("short", 30) }, 2000);
    expect(tally.progress(3000, (point) => (point === "w=0.3" ? 2 : 0))).toMatchObject({
      points_done: 3,
      points_total: 4,
      samples_done: 42,
      working: [{ point: "w=0.3", samples_done: 1, samples_total: 20, tokens_per_second: 15, processes: 2 }],
    });
  });
});

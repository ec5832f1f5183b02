import { describe, expect, it } from "vitest";
import { measureRun } from "../../bench/coverage/measure-run.ts";
import type { Tally } from "../../bench/coverage/tally.ts";
import { alongW, type World } from "../helpers/runs/worlds.ts";

const RUNS = 60;

/** 93%, less three standard errors of so many runs: what is below is not luck. */
const LEAST = 0.93 - 3 * Math.sqrt((0.93 * 0.07) / RUNS);

const flat = (accuracy: number): World["points"] =>
  alongW([{ accuracy }, { accuracy }, { accuracy }].map((point) => ({ ...point, format: 0.95, tokens: 100 })));

/** The same measurements as `npm run bench coverage`, in worlds where simpler intervals hold 77 to 88% of the truth. */
describe("95% intervals of whole reports hold the truth", () => {
  it.each([
    ["rare successes of ten attempts", { points: flat(0.02), questions: 30, attempts: 10, greedy: false }],
    ["half right, answers that have little in common", { points: flat(0.5), questions: 120, rho: 0 }],
  ] as const)("%s", { timeout: 60_000 }, (name, world: World) => {
    const tally: Tally = {};
    for (let seed = 0; seed < RUNS; seed++) measureRun({ name, worlds: [world], dense: true }, 500 + seed, tally);
    const measured = ["rate", "band of rates", "difference", "trend", "band of chords", "mean length"];
    for (const interval of [...measured, "ratio of means", "geometric ratio", "interval of the chosen"]) {
      const [held = 0, of = 0] = tally[interval] ?? [];
      expect(of).toBeGreaterThanOrEqual(RUNS);
      expect({ interval, held: held / of > LEAST }).toEqual({ interval, held: true });
    }
    const [wrong = 0] = tally["confident and wrong"] ?? [];
    // More than 8 of 60 at 5% come once in 350 times.
    expect(wrong).toBeLessThanOrEqual(8);
    expect(tally["report with a false claim"]?.[0]).toBeLessThanOrEqual(8);
  });
});

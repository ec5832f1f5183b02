import { expect, test } from "vitest";
import { probeSpeed } from "../../../src/models/llama-cpp/probe-speed.ts";
import { CheckingModel } from "./checking-model.ts";

/** A clock by which every decode takes so long: it is read before and after each. */
function clockOf(secondsOf: (decode: number) => number): () => number {
  let reads = 0;
  let now = 0;
  return () => {
    if (reads++ % 2 === 1) now += secondsOf((reads - 2) / 2);
    return now;
  };
}

test("sequences that the context has are measured by the clock that is given", async () => {
  const model = new CheckingModel(32);
  const measured = await probeSpeed(
    model,
    [2, 32, 64],
    clockOf(() => 0.01),
  );
  expect(measured.map(({ sequences }) => sequences)).toEqual([2, 32]);
  for (const { sequences, tokensPerSecond } of measured) expect(tokensPerSecond).toBeCloseTo(sequences * 100, 6);
  expect([...model.faults]).toEqual([]);
});

test("a model of slow steps is not measured", async () => {
  expect(
    await probeSpeed(
      new CheckingModel(8),
      [8],
      clockOf(() => 2),
    ),
  ).toEqual([]);
});

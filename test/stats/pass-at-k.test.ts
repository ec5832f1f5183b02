import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gPassAtK, majorityAtK, passAtK, passPowerK } from "../../src/stats/pass-at-k.ts";
import { sharedPath } from "../helpers/shared.ts";

describe("pass@k", () => {
  it("is the mean over all ways to draw k of n", () => {
    expect(passAtK(3, 1, 2)).toBeCloseTo(2 / 3, 12);
    expect(passAtK(10, 3, 1)).toBeCloseTo(0.3, 12);
    expect(passAtK(10, 3, 5)).toBeCloseTo(1 - 21 / 252, 12);
    expect(passPowerK(10, 3, 2)).toBeCloseTo(3 / 45, 12);
  });

  it("is certain at the ends", () => {
    expect(passAtK(4, 0, 4)).toBe(0);
    expect(passAtK(4, 1, 4)).toBe(1);
    expect(passPowerK(4, 4, 4)).toBe(1);
    expect(passPowerK(4, 3, 4)).toBe(0);
  });

  it("is unknown with fewer than k attempts", () => {
    expect(passAtK(3, 3, 4)).toBeNull();
    expect(passPowerK(3, 3, 4)).toBeNull();
    expect(gPassAtK(3, 3, 4, 0.5)).toBeNull();
    expect(majorityAtK([], 1)).toBeNull();
    expect(passAtK(3, 1, 0)).toBeNull();
  });

  it("does not overflow for thousands of attempts", () => {
    expect(passAtK(4096, 1, 2048)).toBeCloseTo(0.5, 9);
  });
});

describe("maj@k", () => {
  const right = { answerClass: 0, correct: true };
  const wrong = { answerClass: 1, correct: false };
  const other = { answerClass: 2, correct: false };
  const silent = { answerClass: null, correct: false };

  it("takes the most frequent answer", () => {
    expect(majorityAtK([right, right, wrong], 3)).toBe(1);
    expect(majorityAtK([wrong, wrong, right], 3)).toBe(0);
  });

  it("splits ties, and lets attempts without an answer abstain", () => {
    expect(majorityAtK([right, wrong], 2)).toBe(0.5);
    expect(majorityAtK([right, wrong, other], 3)).toBeCloseTo(1 / 3, 12);
    expect(majorityAtK([silent, silent, right], 3)).toBe(1);
    expect(majorityAtK([silent, silent], 2)).toBe(0);
  });

  it("asks only the first k", () => {
    expect(majorityAtK([right, wrong, wrong], 1)).toBe(1);
  });
});

const vectorsSchema = z.object({
  test_cases: z.array(
    z.object({
      name: z.string(),
      metric_params: z.object({ k: z.int(), thresholds: z.array(z.number()).optional() }),
      doc: z.object({ choices: z.array(z.string()), gold_index: z.int() }),
      model_response: z.object({ text: z.array(z.string()) }),
      expected_output: z.record(z.string(), z.number()),
      tolerance: z.number(),
    }),
  ),
});

/** `3/4` and `0.75` as numbers; anything else as it is. */
function comparable(text: string): string | number {
  const [numerator, denominator = "1"] = text.split("/");
  const value = Number(numerator) / Number(denominator);
  return Number.isNaN(value) ? text : value;
}

describe.each(["pass_at_k_math", "g_pass_at_k_math", "avg_at_k_math"])("the vectors %s of lighteval", (name) => {
  const path = sharedPath(`golden/lighteval/${name}.json`);

  it.skipIf(path === undefined)("come out the same, where its grader can read the answers", () => {
    const cases = vectorsSchema.parse(JSON.parse(readFileSync(path ?? "", "utf8"))).test_cases;
    let checked = 0;
    for (const { name: title, metric_params, doc, model_response, expected_output, tolerance } of cases) {
      const gold = comparable(doc.choices[doc.gold_index] ?? "");
      // Its grader finds no answer in bare formulas and gives all 0 there: that is grading, not pass@k.
      if (typeof gold === "string") continue;
      const n = model_response.text.length;
      const c = model_response.text.filter((text) => comparable(text) === gold).length;
      const { k } = metric_params;
      for (const [key, expected] of Object.entries(expected_output)) {
        const threshold = /^math_g-pass@\d+_(.+)$/.exec(key)?.[1];
        // Their mean over thresholds is no measure of ours.
        if (threshold === undefined && !/^(avg|pass)@k/.test(key)) continue;
        const ours = key.startsWith("avg@k")
          ? c / n
          : key.startsWith("pass@k")
            ? passAtK(n, c, k)
            : gPassAtK(n, c, k, Number(threshold));
        expect(Math.abs((ours ?? Number.NaN) - expected), `${title}: ${key}`).toBeLessThanOrEqual(tolerance);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(2);
  });
});

import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateExpression, formatDecimal, parseDecimal } from "../../../src/sweep/file/expression.ts";

const w = (value: string): Record<string, ReturnType<typeof parseDecimal>> => ({ w: parseDecimal(value) });
const evaluate = (text: string, value = "0.7"): string => formatDecimal(evaluateExpression(text, w(value)));

describe("expressions over axes", () => {
  it("are exact in decimals: 1 - 0.7 is 0.3", () => {
    expect(evaluate("1 - w")).toBe("0.3");
    expect(evaluate("w + 0.1 + 0.2")).toBe("1");
    expect(evaluate("-w")).toBe("-0.7");
    expect(evaluate("(1 - w) * 2 / 4")).toBe("0.15");
    expect(evaluate("2e-6 * w")).toBe("0.0000014");
  });

  it("bind * before + and go from left to right", () => {
    expect(evaluate("1 + w * 10")).toBe("8");
    expect(evaluate("10 - 2 - 3")).toBe("5");
    expect(evaluate("8 / 4 / 2")).toBe("1");
  });

  it("give the nearest double where the decimal does not end", () => {
    expect(evaluate("1 / 3")).toBe(String(1 / 3));
  });

  it.each([
    ["", "a number"],
    ["1 +", "a number"],
    ["(1", '")"'],
    ["1 2", "an operator"],
    ["v", 'unknown axis "v"'],
    ["1 / (w - w)", "division by zero"],
    ["w; process", "an operator"],
  ])("refuse %j and say what was expected", (text, expected) => {
    expect(() => evaluate(text)).toThrow(expected);
  });

  it("print every decimal as it was written, without needless zeros", () => {
    assert(
      property(integer({ min: -1_000_000, max: 1_000_000 }), integer({ min: 0, max: 6 }), (digits, places) => {
        expect(Number(formatDecimal(parseDecimal(`${digits}e-${places}`)))).toBeCloseTo(digits / 10 ** places, 12);
        expect(formatDecimal(parseDecimal(`${digits}e-${places}`))).not.toMatch(/\.\d*0$|e/);
      }),
    );
  });
});

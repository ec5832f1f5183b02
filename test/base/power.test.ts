import { assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { power, powerOfTen } from "../../src/base/power.ts";

describe("powers with the same bits on every Node", () => {
  it("are those of **, to a few units in the last place", () => {
    assert(
      property(double({ min: 1e-3, max: 1e3, noNaN: true }), double({ min: -40, max: 40, noNaN: true }), (x, y) => {
        expect(Math.abs(power(x, y) / x ** y - 1)).toBeLessThan(3e-14);
      }),
    );
  });

  it("are exact where the result is a double", () => {
    expect([power(3, 4), power(2, -3), power(9, 0.5), power(7, 0), power(4, 2.5)]).toEqual([81, 0.125, 3, 1, 32]);
  });

  // The last bits as Node 20, 22 and 24 give them.
  it("keep their last bits", () => {
    expect([power(23.5, 16.5), power(0.37, 3), power(10_000, 2 / 64)]).toMatchInlineSnapshot(`
      [
        4.193915997655662e+22,
        0.050653,
        1.333521432163324,
      ]
    `);
  });

  it("of ten are the doubles next to them", () => {
    expect([powerOfTen(-3), powerOfTen(23), powerOfTen(0)]).toEqual([0.001, 1e23, 1]);
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { BernoulliSource } from "../../../src/merge/methods/torch/bernoulli.ts";
import { ContiguousSum, contiguousSum, RowSum, sumAcross } from "../../../src/merge/methods/torch/torch-sum.ts";

test("draws are those of the Mersenne Twister, 24 bits each", () => {
  // Its reference implementation begins with 3499211612, 581869302, 3890346734 for the seed 5489.
  for (const [draw, word] of [3_499_211_612, 581_869_302, 3_890_346_734].entries()) {
    const value = (word % 2 ** 24) / 2 ** 24;
    for (const [p, expected] of [
      [value, false],
      [value + 2 ** -24, true],
    ] as const) {
      const source = new BernoulliSource(5489);
      source.seek(draw);
      expect(source.draw(p)).toBe(expected);
    }
  }
});

test("a draw is the same, whatever was drawn before it", () => {
  const source = new BernoulliSource(42);
  const inOrder = Array.from({ length: 2000 }, () => source.draw(0.5));
  fc.assert(
    fc.property(fc.nat(1999), (draw) => {
      source.seek(draw);
      expect(source.draw(0.5)).toBe(inOrder[draw]);
    }),
  );
});

test("draws that are made at once are those that are made one by one", () => {
  const [one, all] = [new BernoulliSource(9), new BernoulliSource(9)];
  for (const count of [1, 623, 624, 5000]) {
    const outcomes = new Uint8Array(count);
    all.drawAll(0.3, outcomes);
    expect(outcomes).toEqual(Uint8Array.from({ length: count }, () => Number(one.draw(0.3))));
  }
});

test("a p of 0.3 comes true three times in ten", () => {
  const source = new BernoulliSource(7);
  const hits = Array.from({ length: 100_000 }, () => Number(source.draw(0.3))).reduce((sum, hit) => sum + hit, 0);
  // Four standard errors.
  expect(Math.abs(hits / 100_000 - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 100_000));
});

test("whatever the order of adding, the sum of whole numbers is exact", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 600 }), (list) => {
      const sum = list.reduce((total, value) => total + value, 0);
      const values = Float32Array.from(list);
      const columns = list.map((value) => new Float32Array(40).fill(value));
      for (const twoBytes of [true, false]) {
        expect(contiguousSum(values, twoBytes)).toBe(sum + 0);
        expect(sumAcross(columns, twoBytes)).toEqual(new Float32Array(40).fill(sum + 0));
      }
    }),
  );
});

test("numbers are added piece by piece in the order in which all of them are added at once", () => {
  const random = seededRandom(6);
  for (const count of [1, 15, 16, 1000, 70_001]) {
    const values = Float32Array.from({ length: count }, () => random() - 0.5);
    for (const twoBytes of [true, false]) {
      const sum = new ContiguousSum(count, twoBytes);
      for (let start = 0; start < count; start += 4096) sum.add(values.subarray(start, start + 4096));
      expect(sum.total()).toBe(contiguousSum(values, twoBytes));
    }
  }
});

test("a part of the places is added as it is in the whole", () => {
  const random = seededRandom(7);
  for (const count of [3, 20, 40]) {
    const arrays = Array.from({ length: count }, () => Float32Array.from({ length: 83 }, () => random() - 0.5));
    const whole = sumAcross(arrays, false);
    const part = arrays.map((array) => array.subarray(64));
    expect(sumAcross(part, false, { start: 64, elements: 83 })).toEqual(whole.subarray(64));
  }
});

test("rows are added one by one in the order in which all of them are added at once", () => {
  const random = seededRandom(5);
  for (const [count, width] of [
    [3, 40],
    [15, 33],
    [16, 64],
    [100, 45],
    [1000, 70],
    [70_000, 35],
  ] as const) {
    const rows = Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random() - 0.5));
    const sum = new RowSum(count, width);
    for (const row of rows) sum.add(row);
    expect(sum.total()).toEqual(sumAcross(rows, false));
  }
});

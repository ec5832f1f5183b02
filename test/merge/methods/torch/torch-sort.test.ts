import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  firstIndexes,
  largestIndexes,
  type SortKeys,
  torchArgsort,
} from "../../../../src/merge/methods/torch/torch-sort.ts";

/** On 160 values like these, quicksort degenerates: McIlroy's adversary made them against libstdc++'s, divided by 4 for ties. */
const ADVERSE = [
  33, 0, 26, 0, 38, 1, 25, 1, 32, 2, 25, 2, 36, 3, 24, 3, 32, 4, 24, 4, 39, 5, 23, 5, 31, 6, 7, 6, 39, 39, 38, 38, 37,
  37, 36, 36, 35, 35, 34, 34, 33, 33, 32, 32, 31, 31, 30, 30, 29, 29, 28, 28, 27, 27, 26, 26, 25, 25, 24, 24, 35, 31,
  37, 30, 35, 30, 38, 29, 34, 29, 37, 28, 34, 28, 39, 27, 33, 27, 36, 26, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 23,
  22, 23, 22, 22, 21, 22, 21, 21, 20, 21, 20, 20, 19, 20, 19, 19, 18, 19, 18, 18, 17, 18, 17, 17, 16, 17, 16, 16, 15,
  16, 15, 15, 14, 15, 14, 14, 13, 14, 13, 13, 12, 13, 12, 12, 11, 12, 11, 11, 10, 11, 10, 10, 9, 10, 9, 9, 8, 9, 8, 8,
  7, 8, 7, 7, 23,
];

/** Keys that put whole numbers into this order. */
function keysOf(values: readonly number[], direction: "ascending" | "descending"): SortKeys {
  return Uint16Array.from(values, (value) => (direction === "ascending" ? 60_000 - value : value));
}

/** An order as one number. */
function digest(order: Iterable<number>): number {
  let hash = 0;
  for (const index of order) hash = (Math.imul(hash, 31) + index) >>> 0;
  return hash;
}

describe("the order of equal values is that of libstdc++'s std::sort", () => {
  // The digests are those of a C++ program that sorts pairs of value and index by their values (GCC 12).
  it.each([
    ["5000 values, 101 different", Array.from({ length: 5000 }, (_, i) => (i * 7919) % 101), 1121631778, 2763299038],
    ["3000 squares modulo 17", Array.from({ length: 3000 }, (_, i) => (i * i) % 17), 4037538794, 3361422698],
    ["values that make quicksort slow", ADVERSE, 3817783826, 348487004],
  ])("of %s", (_name, values, descending, ascending) => {
    expect(digest(torchArgsort(keysOf(values, "descending")))).toBe(descending);
    expect(digest(torchArgsort(keysOf(values, "ascending")))).toBe(ascending);
  });
});

const lists = fc.oneof(
  fc.array(fc.nat(60_000)),
  fc.array(fc.nat(3), { maxLength: 300 }),
  fc.array(fc.nat(40), { minLength: 300, maxLength: 3000 }),
  fc.constant(ADVERSE),
);

it("values come out in order, and the first of them can be had without the rest", () => {
  const directions = fc.constantFrom("ascending" as const, "descending" as const);
  fc.assert(
    fc.property(lists, fc.nat(300), directions, (list, count, direction) => {
      const order = torchArgsort(keysOf(list, direction));
      const sign = direction === "ascending" ? 1 : -1;
      const sorted = Array.from(order, (index) => list[index] ?? 0);
      expect(sorted).toEqual(list.toSorted((a, b) => sign * (a - b)));
      expect(firstIndexes(keysOf(list, direction), count).toSorted()).toEqual(order.subarray(0, count).toSorted());
    }),
  );
});

it("the largest are those with the largest keys, each once, in a small part as in a large one", () => {
  fc.assert(
    fc.property(lists, fc.nat(300), (list, count) => {
      const indexes = largestIndexes(keysOf(list, "descending"), Math.min(count, list.length));
      expect(new Set(indexes).size).toBe(indexes.length);
      const largest = Array.from(indexes, (index) => list[index] ?? 0).toSorted((a, b) => b - a);
      expect(largest).toEqual(list.toSorted((a, b) => b - a).slice(0, count));
    }),
  );
});

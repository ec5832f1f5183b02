import { expect, it } from "vitest";
import { beginning, ending } from "../../src/base/whole-characters.ts";

it("the beginning and the end of a text have no half of a character", () => {
  const text = "a\u{1f600}b\u{1f600}c";
  expect([0, 1, 2, 3, 4, 9].map((most) => beginning(text, most))).toEqual([
    "",
    "a",
    "a",
    "a\u{1f600}",
    "a\u{1f600}b",
    text,
  ]);
  expect([0, 1, 2, 3, 4, 9].map((most) => ending(text, most))).toEqual([
    "",
    "c",
    "c",
    "\u{1f600}c",
    "b\u{1f600}c",
    text,
  ]);
});

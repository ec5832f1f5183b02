import { describe, expect, it } from "vitest";
import { generatedLengths } from "../../src/imports/lighteval/token-lists.ts";

const STOP = 7; // a full stop, a part of the text
const END = 2;
const PAD = 1;

describe("the length of what was generated", () => {
  it.each([
    [
      "filled up by the token that ends, all texts end alike",
      [
        [5, STOP, END, END],
        [5, 6, STOP, END],
      ],
      ["a.", "ab."],
      [END],
      9,
      [2, 3],
    ],
    [
      "filled up by another token",
      [
        [5, STOP, END, PAD],
        [5, 6, STOP, END],
      ],
      ["a.", "ab."],
      [PAD],
      9,
      [2, 3],
    ],
    [
      "filled up, nothing known of prompts",
      [
        [5, 6, END, PAD],
        [5, 8, 6, END],
        [3, END, PAD, PAD],
      ],
      ["a", "b", "c"],
      [PAD],
      9,
      [2, 3, 1],
    ],
    [
      "every batch goes up to the cap",
      [
        [5, 6, END, PAD],
        [5, 8, 9, 8],
        [3, 4, 4, END],
        [3, END, PAD, PAD],
      ],
      ["ax", "b", "d", "cy"],
      [PAD],
      4,
      [2, 4, 3, 1],
    ],
    [
      "no filling, as servers do",
      [
        [5, 6, END],
        [5, END],
        [4, 4, 4, 4],
      ],
      ["a", "b", "c"],
      [],
      4,
      [2, 1, 4],
    ],
    ["nothing to be told from one list", [[5, 6, 9]], ["a"], [], 9, [3]],
  ])("%s", (_, lists, texts, padding, limit, lengths) => {
    const found = generatedLengths(
      lists.map((list) => [list]),
      texts.map((text) => [text]),
      padding,
      limit,
    );
    expect(found.flat()).toEqual(lengths);
  });
});

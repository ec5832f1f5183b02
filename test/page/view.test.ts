import { describe, expect, it } from "vitest";
import { withHiddenNamed } from "../../src/base/visible.ts";
import { readAddress, type View, writeAddress } from "../../src/page/view.ts";
import { wordChanges } from "../../src/page/word-diff.ts";
import { decodeScore, encodeScore } from "../../src/report/page/score-codes.ts";
import { OUTCOMES } from "../../src/runs/tables/score-table.ts";

const START: View = {
  point: "w=0.7",
  other: "w=0",
  benchmark: "sums",
  filter: "all",
  labels: {},
  text: "",
  question: "",
  attempt: 0,
  mode: "changes",
  sort: 0,
};

describe("the address of a view", () => {
  it("is empty for what is shown at first, and brings back anything else", () => {
    expect(writeAddress(START, START)).toBe("");
    const view: View = {
      ...START,
      point: "w=1,density=0.5",
      filter: "lost",
      labels: { level: "5 & more", "kind of": "#" },
      text: "a=b&c ü",
      question: "x/1",
      attempt: 2,
      mode: "rendered",
      sort: -3,
    };
    expect(readAddress(`#${writeAddress(view, START)}`, START)).toEqual(view);
  });

  it("that makes no sense changes nothing", () => {
    expect(readAddress("#mode=loud&attempt=x&sort=1e99&%%%", START)).toEqual(START);
  });
});

describe("a score as a letter", () => {
  it("is read as it was written, for all that there can be", () => {
    const bits = [true, false, null];
    const all = OUTCOMES.flatMap((outcome) =>
      bits.flatMap((strict) => bits.map((format) => ({ outcome, strict, format }))),
    );
    const letters = all.map(encodeScore);
    expect(new Set(letters).size).toBe(63);
    expect(letters.map(decodeScore)).toEqual(all);
    expect(decodeScore(encodeScore(null))).toBeNull();
    expect(decodeScore(undefined)).toBeNull();
  });
});

describe("texts", () => {
  it("hide nothing and turn nothing around", () => {
    expect(withHiddenNamed("a\tb\nc")).toBe("a\tb\nc");
    expect(withHiddenNamed("\u202eab\u0000\ufeff")).toBe("⟨U+202E⟩ab⟨U+0000⟩⟨U+FEFF⟩");
    expect(withHiddenNamed("\u{e0041}\u3164\u200dx")).toBe("⟨U+E0041⟩⟨U+3164⟩⟨U+200D⟩x");
    expect(withHiddenNamed("❤\ufe0f")).toBe("❤\ufe0f");
    expect(withHiddenNamed("\ud83d\ude00 \ud83d \ude00")).toBe("\u{1f600} ⟨U+D83D⟩ ⟨U+DE00⟩");
  });

  it("are compared word by word, each side whole", () => {
    const changes = wordChanges("the sum is 12.", "the whole sum is 13.");
    expect(changes?.before.map(({ text }) => text).join("")).toBe("the sum is 12.");
    expect(changes?.after.map(({ text }) => text).join("")).toBe("the whole sum is 13.");
    expect(changes?.before.filter(({ changed }) => changed).map(({ text }) => text)).toEqual(["12"]);
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import type { ScoreRecord } from "../../../src/runs/schema.ts";
import { scoreTables } from "../../../src/runs/tables/build-score-tables.ts";
import { joinStrata, readStrata, sizesOf, writeStrata } from "../../../src/runs/tables/question-strata.ts";
import type { StrataOf } from "../../../src/runs/tables/score-table.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const benchmark = { name: "b", version: 1, samples: 4, attempts: 1, prompt: "p", data_sha256: "0" };
const whole = { benchmarks: [benchmark] };

function strataOf(...strata: readonly (readonly string[])[]): StrataOf {
  return new Map(strata.flatMap((ids, stratum) => ids.map((id) => [id, stratum] as const)));
}

describe("the strata of a store", () => {
  let folder = "";
  beforeEach(async () => {
    folder = scratchFolder();
  });

  it("grow with the search that draws them, and stay when it goes over stored answers again", async () => {
    const [first, second] = [
      ["1", "2"],
      ["3", "4"],
    ];
    await writeStrata(folder, [{ benchmark: "b", strata: [first] }]);
    await writeStrata(folder, [{ benchmark: "b", strata: [first, second] }]);
    expect((await readStrata(folder, whole)).get("b")).toEqual(strataOf(first, second));
    await writeStrata(folder, [{ benchmark: "b", strata: [first] }]);
    expect((await readStrata(folder, whole)).get("b")).toEqual(strataOf(first, second));
  });

  it("are those that two searches have in common", async () => {
    await writeStrata(folder, [{ benchmark: "b", strata: [["1", "2", "3"]] }]);
    await writeStrata(folder, [{ benchmark: "b", strata: [["2", "3", "4"]] }]);
    const strata = (await readStrata(folder, whole)).get("b") ?? strataOf();
    expect(strata.get("2")).toBe(strata.get("3"));
    expect(new Set(["1", "2", "4"].map((id) => strata.get(id))).size).toBe(3);
    expect(sizesOf(strata).toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
  });

  it("have only the questions of the plan that is looked at; none where no search drew any", async () => {
    expect(await readStrata(folder, whole)).toEqual(new Map());
    const strata = [
      ["1", "2"],
      ["3", "4"],
    ];
    await writeStrata(folder, [{ benchmark: "b", strata }]);
    const part = { benchmarks: [{ ...benchmark, ids: ["1", "2", "3"] }] };
    expect(sizesOf((await readStrata(folder, part)).get("b") ?? strataOf())).toEqual([2, 1]);
    expect(joinStrata([])).toEqual(new Map());
  });
});

function record(sample: string, right: 0 | 1): ScoreRecord {
  return {
    benchmark: "b",
    sample,
    attempt: 0,
    gold: "1",
    answer: "1",
    status: right === 1 ? "correct" : "wrong",
    accuracy: right,
    accuracy_strict: right,
    format: right,
    format_parts: { box: right },
    rewards: { r: right },
    tokens: 10,
    truncated: 0,
    path: "boxed",
    rule: "same",
    answer_class: 0,
    thinking_tokens: null,
    answer_tokens: null,
    characters: 1,
    thinking_characters: 0,
    answer_characters: 1,
    words: 1,
  };
}

describe("a table of samples", () => {
  it("weighs the parts of a format and rewards as it says that its questions are to be weighed", () => {
    const strata = new Map([["b", strataOf(["1", "2", "3"], ["4"])]]);
    const [table] = scoreTables([record("1", 1), record("4", 0)], strata).tables;
    expect(table?.weights).toEqual(Float64Array.of(3, 1));
    expect(table?.formatParts).toEqual({ box: 0.75 });
    expect(table?.rewards).toEqual({ r: 0.75 });
    expect(scoreTables([record("1", 1), record("4", 0)]).tables[0]?.weights).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { InputError } from "../../../src/base/errors.ts";
import { judge } from "../../../src/findings/judge.ts";
import { type CardContent, parseCard, withResults } from "../../../src/report/page/model-card.ts";
import { summaryTable } from "../../../src/report/tables/summary-table.ts";
import { syntheticRun } from "../synthetic-run.ts";

function content(samples: number): CardContent {
  const run = syntheticRun({ samples });
  const { rows, claims, decisions } = judge(run);
  const table = summaryTable(rows);
  const { manifest } = run;
  const said = { manifest, table, claims, decisions, pictures: [], failures: [], protocol: [] };
  return { ...said, rows, point: "w=0.7", picture: "overview.png" };
}

function cardWith(readme: string, name: string, results: CardContent): string {
  return withResults(parseCard(readme, "mine/README.md"), name, results);
}

function frontOf(readme: string): Record<string, unknown> {
  return parse(/^---\n([\s\S]*?)---\n/.exec(readme)?.[1] ?? "");
}

const README = "---\ntags:\n- merge # kept\nlicense: mit\n---\n# mine\n\nMy words.\n";

describe("a model's card", () => {
  it("gets the results as the hub reads them, and keeps what it had", () => {
    const card = cardWith(README, "mine", content(40));
    const front = frontOf(card);
    expect([front.tags, front.license]).toEqual([["merge"], "mit"]);
    expect(card).toContain("- merge # kept");
    expect(front["model-index"]).toMatchObject([
      {
        name: "mine",
        results: [
          {
            task: { type: "text-generation" },
            dataset: { type: "pocket-math", name: "pocket-math" },
            metrics: [{ type: "accuracy" }, { type: "accuracy_strict" }, { type: "format" }, { type: "tokens" }],
          },
        ],
      },
    ]);
    expect(card).toMatch(/# mine\n\nMy words\.\n\n<!-- mergesweep: results -->\n## Results\n\nThis model is w=0\.7 of/);
    expect(card).toContain("![The sweep: accuracy, format, length](overview.png)");
  });

  it("gets them again in the same place, whatever stands around it", () => {
    const first = cardWith(README, "mine", content(40)).replace("<!-- mergesweep: end of results -->", "$&\n\nMore.");
    const second = cardWith(first, "mine", content(20));
    expect(second.match(/## Results/g)).toHaveLength(1);
    expect(second).toContain("20 questions");
    expect(second).not.toContain("40 questions");
    expect(second.endsWith("<!-- mergesweep: end of results -->\n\nMore.\n")).toBe(true);
    expect(cardWith(second, "mine", content(20))).toBe(second);
  });

  it("is made where there is no front matter", () => {
    const card = cardWith("# bare\n", "bare", content(10));
    expect(Object.keys(frontOf(card))).toEqual(["model-index"]);
    expect(card).toMatch(/---\n# bare\n\n<!-- mergesweep/);
  });

  it("keeps the results of other benchmarks that its author gave, as they were written", () => {
    const own = [
      "model-index:",
      "- name: My merge",
      "  results:",
      "  - dataset: {type: gsm8k, name: GSM8K} # by hand",
      "    metrics: [{type: accuracy, value: 71.2}]",
      "  - dataset: {type: pocket-math, name: older}",
      "    metrics: [{type: accuracy, value: 1}]",
      "- name: another",
      "  results: []",
    ].join("\n");
    const card = cardWith(`---\n${own}\n---\n# mine\n`, "mine", content(40));
    expect(card).toContain("# by hand");
    expect(frontOf(card)["model-index"]).toMatchObject([
      {
        name: "My merge",
        results: [
          { dataset: { type: "gsm8k" }, metrics: [{ value: 71.2 }] },
          { dataset: { type: "pocket-math", name: "pocket-math" } },
        ],
      },
      { name: "another", results: [] },
    ]);
    expect(cardWith(card, "mine", content(40))).toBe(card);
  });

  it.each([
    ["no YAML", "tags: [merge"],
    ["a key twice", "license: mit\nlicense: mit"],
    ["a list", "- merge"],
    ["a text", "merge"],
    ["a model-index that is no list", "model-index: none"],
    ["a model-index without results", "model-index:\n- name: mine"],
  ])("is refused where its front matter is %s, by the name of the file", (_what, front) => {
    expect(() => parseCard(`---\n${front}\n---\n# mine\n`, "mine/README.md")).toThrow(InputError);
    expect(() => parseCard(`---\n${front}\n---\n# mine\n`, "mine/README.md")).toThrow(/^mine\/README\.md: expected /);
  });

  it.each(["", "# only a comment\n"])("may have front matter that says nothing: %j", (front) => {
    const card = cardWith(`---\n${front}---\n# mine\n`, "mine", content(10));
    expect(Object.keys(frontOf(card))).toEqual(["model-index"]);
    expect(card).toContain(front);
  });
});

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { judge } from "../../../src/findings/judge.ts";
import { type CardContent, withResults } from "../../../src/report/page/model-card.ts";
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

function frontOf(readme: string): Record<string, unknown> {
  return parse(/^---\n([\s\S]*?)---\n/.exec(readme)?.[1] ?? "");
}

const README = "---\ntags:\n- merge # kept\nlicense: mit\n---\n# mine\n\nMy words.\n";

describe("a model's card", () => {
  it("gets the results as the hub reads them, and keeps what it had", () => {
    const card = withResults(README, "mine", content(40));
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
    const first = withResults(README, "mine", content(40)).replace(
      "<!-- mergesweep: end of results -->",
      "$&\n\nMore.",
    );
    const second = withResults(first, "mine", content(20));
    expect(second.match(/## Results/g)).toHaveLength(1);
    expect(second).toContain("20 questions");
    expect(second).not.toContain("40 questions");
    expect(second.endsWith("<!-- mergesweep: end of results -->\n\nMore.\n")).toBe(true);
    expect(withResults(second, "mine", content(20))).toBe(second);
  });

  it("is made where there is no front matter", () => {
    const card = withResults("# bare\n", "bare", content(10));
    expect(Object.keys(frontOf(card))).toEqual(["model-index"]);
    expect(card).toMatch(/---\n# bare\n\n<!-- mergesweep/);
  });
});

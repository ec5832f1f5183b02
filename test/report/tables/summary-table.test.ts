import { describe, expect, it } from "vitest";
import { judge } from "../../../src/findings/judge.ts";
import { alignedText, summaryTable } from "../../../src/report/tables/summary-table.ts";
import { syntheticRun } from "../synthetic-run.ts";

describe("the table of a report", () => {
  it("says that nothing was right where tokens per correct answer cannot be told", () => {
    const nothing = { accuracy: 0, strict: 0, format: 0, tokens: 50 };
    const some = { ...nothing, accuracy: 1 };
    const points = [nothing, some].map((behaviour, w) => ({ axes: { w: String(w) }, behaviour }));
    const { header, rows } = summaryTable(
      judge(syntheticRun({ samples: 10, attempts: 2, points, references: {} })).rows,
    );
    const column = header.indexOf("tokens per correct");
    expect(rows.map((row) => row[column])).toEqual(["0 of 20 right", expect.stringMatching(/^\d+\.\d$/)]);
  });
});

describe("a table for a terminal", () => {
  it("goes on below where a line is full: all columns, the names repeated, no line over 80 characters", () => {
    const table = summaryTable(judge(syntheticRun({ samples: 40, benchmarks: ["one", "two"] })).rows);
    const text = alignedText(table);
    const parts = text
      .trimEnd()
      .split("\n\n")
      .map((part) => part.split("\n"));
    expect(parts.length).toBeGreaterThan(1);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    for (const part of parts) {
      expect(part).toHaveLength(1 + table.rows.length);
      expect(part[0]).toMatch(/^point +benchmark  /);
    }
    const headers = parts.flatMap(([header = ""]) => header.split(/ {2,}/).slice(2));
    expect(headers).toEqual(table.header.slice(2));
  });

  it("is in one piece where it fits, and keeps a cell that is wider than a line whole", () => {
    expect(alignedText({ header: ["a", "b"], rows: [["x", "1"]], nameColumns: 1 })).toBe("a  b\nx  1\n");
    const wide = "w".repeat(100);
    expect(alignedText({ header: ["a", "b", "c"], rows: [["x", wide, "1"]], nameColumns: 1 })).toContain(
      `x  ${wide}\n`,
    );
  });
});

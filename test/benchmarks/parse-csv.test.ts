import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/benchmarks/parse-csv.ts";

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

describe("CSV", () => {
  it("is read as it was written, whatever the cells hold", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é", "\\") });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), fc.constantFrom("\n", "\r\n"), (rows, end) => {
        const text = [["p", "q"], ...rows].map((row) => row.map(quote).join(",") + end).join("");
        expect(parseCsv(text, "data.csv")).toEqual(rows.map(([p, q]) => ({ p, q })));
      }),
    );
  });

  it("keeps empty cells, passes over empty lines, and needs no line end at the end", () => {
    expect(parseCsv("p,q\n\n,\nx,", "data.csv")).toEqual([
      { p: "", q: "" },
      { p: "x", q: "" },
    ]);
  });

  it("says where text follows a closing quote, and that an empty file has no header", () => {
    expect(() => parseCsv('p,q\n"a"b,c\n', "data.csv")).toThrow("data.csv:2: expected a comma");
    expect(() => parseCsv("", "data.csv")).toThrow("found an empty file");
  });

  it("counts the lines inside of quoted cells", () => {
    expect(() => parseCsv('p,q\n"a\nb\nc",d\nshort\n', "data.csv")).toThrow("data.csv:5: expected 2 cells");
  });
});

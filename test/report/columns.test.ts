import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge } from "../../src/findings/judge.ts";
import { figuresCsv } from "../../src/report/pictures/figures-csv.ts";
import { chartSpecs } from "../../src/report/pictures/specs/chart-specs.ts";
import { averagesCsv } from "../../src/report/tables/averages-csv.ts";
import { comparisonsCsv } from "../../src/report/tables/comparisons-csv.ts";
import { samplesHeader, samplesLayout } from "../../src/report/tables/samples-csv.ts";
import { summaryCsv } from "../../src/report/tables/summary-csv.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { projectRoot } from "../helpers/shared.ts";
import { syntheticRun } from "./synthetic-run.ts";

const document = readFileSync(join(projectRoot, "docs/columns.md"), "utf8");

/** The columns that the document describes for a file, in its order. */
function described(file: string): string[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${file}\n`)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => Array.from(line.split("|")[1]?.matchAll(/`([^`]+)`/g) ?? [], ([, name]) => name ?? ""));
}

/** Names with their free part as the document writes it. */
function general(name: string): string {
  if (name === "w") return "<axis>";
  const fixed = /^format_(low|high|band_low|band_high|loses_at_most|difference\w*|p|p_adjusted)$/;
  if (name.startsWith("format_") && !fixed.test(name)) return "format_<name>";
  return name.startsWith("reward_") ? "reward_<name>" : name;
}

/** As if each question stood for a third of another one, too. */
function sampled(run: StoredRun): StoredRun {
  const evaluated = run.evaluated.map((unit) => ({
    ...unit,
    tables: unit.tables.map((table) => ({
      ...table,
      strata: new Map(table.samples.map((sample) => [sample, 0])),
      weights: new Float64Array(table.samples.length).fill(4 / 3),
    })),
  }));
  return { ...run, evaluated };
}

const made = sampled(syntheticRun({ samples: 6, attempts: 2, benchmarks: ["one", "two"] }));
const run = { ...made, manifest: { ...made.manifest, max_thinking_tokens: 40 } };
const judged = judge(run);
const firstLine = (text: string): string[] => (text.split("\n")[0] ?? "").split(",");

function headerOf(file: string): string[] {
  if (file === "summary.csv") return firstLine(summaryCsv(["w"], judged));
  if (file === "comparisons.csv") return firstLine(comparisonsCsv("pocket", judged.comparisons));
  if (file === "averages.csv") return firstLine(averagesCsv("pocket", judged.averages));
  if (file === "The figures of a picture") {
    const [picture] = chartSpecs(run, judged, "").pictures;
    return picture === undefined ? [] : firstLine(figuresCsv(picture));
  }
  return firstLine(samplesHeader(samplesLayout(run)));
}

describe("docs/columns.md", () => {
  it.each(["summary.csv", "samples.csv", "comparisons.csv", "averages.csv", "The figures of a picture"])(
    "describes every column of %s, and no other",
    (file) => {
      const written = new Set(headerOf(file).map(general));
      expect(written.size).toBeGreaterThan(5);
      expect(new Set(described(file))).toEqual(written);
    },
  );
});

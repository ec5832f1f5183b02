import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-write.ts";
import { WorkError } from "../base/errors.ts";
import { type Judgement, judge } from "../findings/judge.ts";
import type { StoredRun } from "../runs/schema.ts";
import { summaryHtml } from "./page/html.ts";
import { decisionTexts, type PageContent, summaryMarkdown } from "./page/markdown.ts";
import { chartSpecs, describePicture, type PictureSet } from "./pictures/chart-specs.ts";
import { renderChart, renderOverview } from "./pictures/render-chart.ts";
import { averagesCsv, comparisonsCsv, samplesCsv, summaryCsv } from "./tables/csv.ts";
import { alignedText, summaryTable } from "./tables/summary-table.ts";

/** What to leave out. */
export interface ReportOptions {
  /** PNG charts; they take about a second. @default true */
  readonly charts?: boolean;
}

/** What was written, and what to show. */
export interface RenderedReport {
  /** Names of the files in the report's folder, in the order in which they were written. */
  readonly files: string[];
  /** The summary as aligned text for a terminal; empty if no point is finished. */
  readonly table: string;
  /** The answers to the objective, one a decision; empty where there is nothing to choose. */
  readonly decisions: readonly string[];
}

/**
 * Writes the report of a run into a folder: summary.csv, samples.csv, comparisons.csv, summary.md, report.json, index.html
 * and the PNG charts. Needs nothing but the stored scores, and equal runs give equal bytes. Each file is replaced whole.
 *
 * @throws WorkError if no point of the run is finished and none failed, or the folder cannot be written
 */
export async function renderReport(
  run: StoredRun,
  outDir: string,
  { charts = true }: ReportOptions = {},
): Promise<RenderedReport> {
  const judgement = judge(run);
  const { rows, comparisons, claims, decisions, averages } = judgement;
  if (rows.length === 0 && run.failed.length === 0) {
    throw new WorkError(`Expected at least one finished point in the run of "${run.manifest.sweep}", found none`, {
      hint: "Run the sweep; what is finished is reported even while the rest is missing.",
    });
  }
  const table = summaryTable(rows);
  const pictures = charts ? await drawPictures(chartSpecs(run.manifest, rows)) : [];
  const content: PageContent = {
    manifest: run.manifest,
    table,
    claims: claims.filter(({ shown }) => shown),
    decisions,
    pictures: pictures.filter(({ inPage }) => inPage),
  };
  const files: [name: string, content: string | Uint8Array | AsyncIterable<string>][] = [
    ["summary.csv", summaryCsv(run.manifest.axes, judgement)],
    ["samples.csv", samplesCsv(run)],
    ["comparisons.csv", comparisonsCsv(run.manifest.sweep, comparisons)],
    ...(averages.length === 0
      ? []
      : [["averages.csv", averagesCsv(run.manifest.sweep, averages)] satisfies [string, string]]),
    ...pictures.map(({ file, png }): [string, Uint8Array] => [file, png]),
    ["summary.md", summaryMarkdown(content)],
    ["report.json", reportJson(run, judgement)],
    ["index.html", summaryHtml(content)],
  ];
  for (const [name, text] of files) await writeFileAtomic(join(outDir, name), text);
  return {
    files: files.map(([name]) => name),
    table: rows.length === 0 ? "" : alignedText(table),
    decisions: decisionTexts(decisions),
  };
}

/** report.json: everything that the pages show, and the claims that they do not. */
function reportJson({ manifest }: StoredRun, judgement: Judgement): string {
  const { rows, bands, prices, comparisons, fronts, averages, claims, decisions } = judgement;
  const bandsByName = Object.fromEntries(
    Array.from(bands, ([benchmark, points]) => [benchmark, Object.fromEntries(points)]),
  );
  const content = {
    manifest,
    decision: decisions[0] ?? null,
    ...(decisions.length > 1 ? { decisions } : {}),
    rows,
    bands: bandsByName,
    prices,
    comparisons,
    fronts,
    averages,
    claims,
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}

interface DrawnPicture {
  readonly file: string;
  readonly alternative: string;
  readonly png: Uint8Array;
  /** The overview repeats the others: a file for a README, not shown in the pages. */
  readonly inPage: boolean;
}

async function drawPictures(sets: readonly PictureSet[]): Promise<DrawnPicture[]> {
  const drawn: DrawnPicture[] = [];
  for (const { overview, pictures } of sets) {
    for (const picture of pictures) {
      drawn.push({
        file: `${fileName(picture.name)}.png`,
        alternative: describePicture(picture),
        png: renderChart(picture),
        inPage: true,
      });
    }
    if (pictures.length > 1) {
      const titles = pictures.map(({ title }) => title.toLowerCase()).join(", ");
      drawn.push({
        file: `${fileName(overview)}.png`,
        alternative: `Overview: ${titles}`,
        png: await renderOverview(pictures),
        inPage: false,
      });
    }
  }
  return drawn;
}

/** Benchmark names may hold slashes. */
function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, "_");
}

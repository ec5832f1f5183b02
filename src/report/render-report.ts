import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-write.ts";
import { WorkError } from "../base/errors.ts";
import { comparePoints } from "../findings/compare-points.ts";
import { findings, runNotes } from "../findings/findings.ts";
import { fronts } from "../findings/fronts.ts";
import { summarize } from "../findings/summarize.ts";
import type { StoredRun } from "../runs/schema.ts";
import { summaryHtml } from "./page/html.ts";
import { type PageContent, summaryMarkdown } from "./page/markdown.ts";
import { chartSpecs, describePicture, type PictureSet } from "./pictures/chart-specs.ts";
import { renderChart, renderOverview } from "./pictures/render-chart.ts";
import { comparisonsCsv, samplesCsv, summaryCsv } from "./tables/csv.ts";
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
  const rows = summarize(run);
  if (rows.length === 0 && run.failed.length === 0) {
    throw new WorkError(`Expected at least one finished point in the run of "${run.manifest.sweep}", found none`, {
      hint: "Run the sweep; what is finished is reported even while the rest is missing.",
    });
  }
  const comparisons = comparePoints(run);
  const drawnFronts = fronts(run);
  const said = findings(run, rows, comparisons, drawnFronts);
  const notes = runNotes(run, rows);
  const table = summaryTable(rows);
  const pictures = charts ? await drawPictures(chartSpecs(run.manifest, rows)) : [];
  const content: PageContent = {
    manifest: run.manifest,
    table,
    findings: said,
    notes,
    pictures: pictures.filter(({ inPage }) => inPage),
  };
  const files: [name: string, content: string | Uint8Array][] = [
    ["summary.csv", summaryCsv(run.manifest.axes, rows, drawnFronts)],
    ["samples.csv", samplesCsv(run)],
    ["comparisons.csv", comparisonsCsv(run.manifest.sweep, comparisons)],
    ...pictures.map(({ file, png }): [string, Uint8Array] => [file, png]),
    ["summary.md", summaryMarkdown(content)],
    [
      "report.json",
      `${JSON.stringify({ manifest: run.manifest, rows, comparisons, fronts: drawnFronts, findings: said, notes }, null, 1)}\n`,
    ],
    ["index.html", summaryHtml(content)],
  ];
  for (const [name, text] of files) await writeFileAtomic(join(outDir, name), text);
  return { files: files.map(([name]) => name), table: rows.length === 0 ? "" : alignedText(table) };
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

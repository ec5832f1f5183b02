import { join } from "node:path";
import { sha256 } from "../base/digest.ts";
import { WorkError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { fileName } from "../base/files/file-name.ts";
import { visible } from "../base/visible.ts";
import { type Judgement, judge } from "../findings/judge.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { buildPageData } from "./page/build-page-data.ts";
import { pageProgram } from "./page/bundle-page.ts";
import { wantTexts } from "./page/choose-texts.ts";
import { pageHtml } from "./page/html.ts";
import { decisionTexts, type PageContent, summaryMarkdown } from "./page/markdown.ts";
import { protocolFacts } from "./page/protocol.ts";
import { writeReportsIndex } from "./page/reports-index.ts";
import { type DrawnPictures, drawPictures, type PictureOptions } from "./pictures/draw-pictures.ts";
import { chartSpecs, describePicture } from "./pictures/specs/chart-specs.ts";
import { averagesCsv } from "./tables/averages-csv.ts";
import { comparisonsCsv } from "./tables/comparisons-csv.ts";
import type { CsvStyle } from "./tables/csv-text.ts";
import { summaryCsv } from "./tables/summary-csv.ts";
import { alignedText, summaryTable } from "./tables/summary-table.ts";
import { reportUnits } from "./units/report-units.ts";

/** What to leave out, and how to draw. */
export interface ReportOptions {
  /** Charts; they take seconds. @default true */
  readonly charts?: boolean;
  readonly pictures?: PictureOptions;
  readonly csv?: CsvStyle;
}

/** What was written, and what to show. */
export interface RenderedReport {
  /** Names of the files in the report's folder, in the order in which they were written. */
  readonly files: string[];
  /** The summary as aligned text for a terminal; empty if no point is finished. */
  readonly table: string;
  /** The answers to the objective, one a decision; empty where there is nothing to choose. */
  readonly decisions: readonly string[];
  /** What its pages say: for a model's card. */
  readonly content: PageContent & Pick<Judgement, "rows">;
  /** Pictures that could not be drawn, with the reason; the tables are there nevertheless. */
  readonly failures: readonly string[];
}

/** Digits of the digest of report.json by which captions name it. */
const DIGEST_DIGITS = 12;

/**
 * Writes the report of a run into a folder: the CSV tables and report.json, then the pictures with their figures, then summary.md
 * and index.html. Needs nothing but the stored scores, and equal runs give equal bytes. Each file is replaced whole.
 *
 * @throws WorkError if no point of the run is finished and none failed, or the folder cannot be written
 */
export async function renderReport(
  run: StoredRun,
  outDir: string,
  { charts = true, pictures: options = {}, csv = {} }: ReportOptions = {},
): Promise<RenderedReport> {
  const wanted = wantTexts(run);
  const units = reportUnits(run, wanted, csv);
  const judgement = judge(run);
  const { rows, comparisons, claims, decisions, averages } = judgement;
  if (rows.length === 0 && run.failed.length === 0) {
    throw new WorkError(`Expected at least one finished point in the run of "${run.manifest.sweep}", found none`, {
      hint: "Run the sweep; what is finished is reported even while the rest is missing.",
    });
  }
  const files: string[] = [];
  const write = async (name: string, content: string | AsyncIterable<string | Uint8Array>): Promise<void> => {
    await writeFileAtomic(join(outDir, name), content);
    files.push(name);
  };
  const json = reportJson(run, judgement);
  await write("summary.csv", summaryCsv(run.manifest.axes, judgement, csv));
  await write("samples.csv", units.samplesCsv);
  await write("comparisons.csv", comparisonsCsv(run.manifest.sweep, comparisons, csv));
  if (averages.length > 0) await write("averages.csv", averagesCsv(run.manifest.sweep, averages, csv));
  await write("report.json", json);
  const digest = sha256(json).slice(0, DIGEST_DIGITS);
  const specs = chartSpecs(run, judgement, digest);
  const drawn: DrawnPictures = charts
    ? await drawPictures(specs, outDir, options)
    : { pictures: [], files: [], failures: [] };
  files.push(...drawn.files);
  const table = summaryTable(rows, averages);
  const content: PageContent = {
    manifest: run.manifest,
    table,
    claims: claims.filter(({ shown }) => shown),
    decisions,
    pictures: drawn.pictures.filter(({ inPage }) => inPage),
    failures: drawn.failures,
    protocol: protocolFacts(run, judgement),
  };
  await write("summary.md", visible(summaryMarkdown(content)));
  const data = buildPageData(run, judgement, {
    pictures: specs.pictures.map((picture) => ({
      picture,
      alternative: describePicture(picture),
      figures: files.find((file) => file === `${fileName(picture.name)}.csv`) ?? null,
    })),
    failures: drawn.failures,
    files: files.filter((file) => !drawn.files.includes(file)),
    texts: { wanted, attempts: units.attempts },
  });
  await write("index.html", pageHtml(data, await pageProgram()));
  await writeReportsIndex(outDir);
  return {
    files,
    content: { ...content, rows },
    table: rows.length === 0 ? "" : [alignedText(table), ...(table.note === "" ? [] : [`${table.note}\n`])].join(""),
    decisions: decisionTexts(decisions),
    failures: drawn.failures,
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

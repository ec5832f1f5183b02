import { join } from "node:path";
import { DiskFullError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { fileName } from "../../base/files/file-name.ts";
import { figuresCsv } from "./figures-csv.ts";
import type { Picture, PictureKind } from "./picture.ts";
import { type RenderOptions, renderPdf, renderPng, renderSvg } from "./render-chart.ts";
import { describePicture, type PictureSet } from "./specs/chart-specs.ts";

export const PICTURE_FORMATS = ["png", "svg", "pdf"] as const;
type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** Which pictures, and how. */
export interface PictureOptions extends RenderOptions {
  /** @default ["png"] */
  readonly formats?: readonly PictureFormat[];
  /** Kinds of pictures. @default all that the data allow */
  readonly only?: readonly PictureKind[];
}

/** A picture in the folder of a report. */
interface DrawnPicture {
  /** In the first of the formats. */
  readonly file: string;
  readonly alternative: string;
  /** Sheets repeat the others: files for a README or a paper, not shown in the pages. */
  readonly inPage: boolean;
}

/** What was drawn, every file that was written, and what failed with the reason. */
export interface DrawnPictures {
  readonly pictures: readonly DrawnPicture[];
  readonly files: readonly string[];
  readonly failures: readonly string[];
}

/** Draws pictures into a folder, the figures of each beside it. One that fails is named and the others go on. */
export async function drawPictures(
  { pictures, sheets }: PictureSet,
  outDir: string,
  { formats = ["png"], only, ...options }: PictureOptions = {},
): Promise<DrawnPictures> {
  const wanted = (kind: PictureKind): boolean => only === undefined || only.includes(kind);
  const drawn: DrawnPicture[] = [];
  const files: string[] = [];
  const failures: string[] = [];
  const attempt = async (name: string, draw: () => Promise<void>): Promise<void> => {
    try {
      await draw();
    } catch (error) {
      if (error instanceof DiskFullError) throw error;
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const write = async (file: string, content: string | Uint8Array): Promise<void> => {
    await writeFileAtomic(join(outDir, file), content);
    files.push(file);
  };
  for (const picture of pictures.filter(({ kind }) => wanted(kind))) {
    const name = fileName(picture.name);
    await attempt(name, async () => {
      await write(`${name}.csv`, figuresCsv(picture));
      for (const format of formats)
        await write(`${name}.${format}`, await render(picture.title, [picture], format, options));
      drawn.push({
        file: `${name}.${formats[0] ?? "png"}`,
        alternative: describePicture(picture),
        inPage: true,
      });
    });
  }
  for (const sheet of sheets.filter(({ kind }) => wanted(kind))) {
    const name = fileName(sheet.name);
    await attempt(name, async () => {
      const titles = sheet.pictures.map(({ title }) => title.toLowerCase()).join(", ");
      for (const format of formats)
        await write(`${name}.${format}`, await render(titles, sheet.pictures, format, options));
      const file = `${name}.${formats[0] ?? "png"}`;
      drawn.push({ file, alternative: `Together: ${titles}`, inPage: false });
    });
  }
  const there = [...new Set([...pictures, ...sheets].map(({ kind }) => kind))];
  for (const kind of only ?? []) {
    if (!there.includes(kind)) failures.push(`${kind}: this run has no such picture; it has ${there.join(", ")}`);
  }
  return { pictures: drawn, files, failures };
}

async function render(
  title: string,
  pictures: readonly Picture[],
  format: PictureFormat,
  options: RenderOptions,
): Promise<string | Uint8Array> {
  if (format === "svg") return renderSvg(pictures, options);
  return format === "pdf" ? renderPdf(pictures, title, options) : renderPng(pictures, options);
}

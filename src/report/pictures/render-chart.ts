import { createRequire } from "node:module";
import { crc32 } from "node:zlib";
import { createCanvas, GlobalFonts, loadImage, PDFDocument, SvgExportFlag } from "@napi-rs/canvas";
import { Chart } from "chart.js/auto";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";
import { WorkError } from "../../base/errors.ts";
import { configurationOf, FAMILY } from "./chart-configuration.ts";
import type { Picture } from "./picture.ts";
import { THEMES, type ThemeName } from "./themes.ts";

/** How large and in which colours. */
export interface RenderOptions {
  /** Of the layout, in pixels of 1/96 inch; heights follow. @default 800 */
  readonly width?: number;
  /** Pixels of a PNG to the inch: 192 draws each pixel of the layout as four. @default 192 */
  readonly dpi?: number;
  /** @default "light" */
  readonly theme?: ThemeName;
}

/** Height over width: a picture of 800 x 500. */
const SHAPE = 0.625;
/** Of the pictures in a sheet, in pixels. */
const TILE = { width: 620, height: 420 };
/** Pixels of the layout to the inch. */
const LAYOUT_DPI = 96;

let fontsRegistered = false;

/** The canvas has no fonts of its own, and those of a machine differ: ours makes pictures look alike everywhere. */
function registerFonts(): void {
  if (fontsRegistered) return;
  const require = createRequire(import.meta.url);
  for (const file of ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]) {
    const path = require.resolve(`dejavu-fonts-ttf/ttf/${file}`);
    if (!GlobalFonts.registerFromPath(path, FAMILY)) {
      throw new WorkError(`Cannot load the font ${file} for the charts`, {
        hint: "Install the packages again: npm ci",
      });
    }
  }
  fontsRegistered = true;
}

/** Draws a picture as PNG. Equal pictures give equal bytes. */
export function renderPng(picture: Picture, options: RenderOptions = {}): Uint8Array {
  return pngOf(picture, { ...sizeOf(picture, options), ...options });
}

function pngOf(
  picture: Picture,
  { width, height, dpi = 192, theme = "light" }: RenderOptions & { width: number; height: number },
): Uint8Array {
  registerFonts();
  const canvas = new ChartJSNodeCanvas({ width, height });
  const png = canvas.renderToBufferSync(
    configurationOf(picture, { theme: THEMES[theme], ratio: dpi / LAYOUT_DPI }),
    "image/png",
  );
  return withResolution(png, dpi);
}

/** Length, type, width, height and kind of pixels, with the checksum: what comes first in a PNG, after its eight bytes. */
const IHDR_END = 8 + 25;

/** Says in a PNG how many pixels an inch has (pHYs, section 11.3.4.3 of the standard): documents then place it at its size. */
function withResolution(png: Uint8Array, dpi: number): Uint8Array {
  const perMetre = Math.round(dpi / 0.0254);
  const chunk = Buffer.alloc(21);
  chunk.writeUInt32BE(9, 0);
  chunk.write("pHYs", 4, "latin1");
  chunk.writeUInt32BE(perMetre, 8);
  chunk.writeUInt32BE(perMetre, 12);
  chunk.writeUInt8(1, 16);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  return Buffer.concat([png.subarray(0, IHDR_END), chunk, png.subarray(IHDR_END)]);
}

/** Draws a picture as SVG, in vectors; letters are outlines, so that it looks alike without the font. */
export function renderSvg(picture: Picture, options: RenderOptions = {}): string {
  registerFonts();
  const { width, height } = sizeOf(picture, options);
  const canvas = createCanvas(width, height, SvgExportFlag.ConvertTextToPaths);
  drawOn(canvas, picture, options.theme);
  return numberClips(canvas.getContent().toString("utf8"));
}

/** Skia counts its clip paths over all pictures of a process; here each picture counts its own. */
function numberClips(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bcl_[0-9a-f]+\b/g, (name) => {
    const own = names.get(name) ?? `clip-${names.size + 1}`;
    names.set(name, own);
    return own;
  });
}

/** Draws a picture as a PDF of one page, in vectors, with its font. It carries no date. */
export function renderPdf(picture: Picture, options: RenderOptions = {}): Uint8Array {
  registerFonts();
  const { width, height } = sizeOf(picture, options);
  // A point is 1/72 inch.
  const scale = 72 / LAYOUT_DPI;
  const document = new PDFDocument({ title: picture.title, creator: "mergesweep" });
  const context = document.beginPage(width * scale, height * scale);
  context.scale(scale, scale);
  const canvas = { width, height, style: {}, getContext: () => context };
  Object.defineProperty(context, "canvas", { value: canvas });
  drawOn(canvas, picture, options.theme);
  document.endPage();
  return document.close();
}

/** chart.js asks for a canvas of a browser; without a document it takes whatever has getContext. */
function drawOn(canvas: unknown, picture: Picture, theme: ThemeName = "light"): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is one of the DOM, which is not loaded here
  const item = canvas as ConstructorParameters<typeof Chart>[0];
  const chart = new Chart(item, configurationOf(picture, { theme: THEMES[theme], ratio: 1 }));
  chart.stop();
}

/** Several pictures in one PNG, two in a row. */
export async function renderSheet(
  pictures: readonly Picture[],
  { dpi = 192, theme = "light" }: RenderOptions = {},
): Promise<Uint8Array> {
  const ratio = dpi / LAYOUT_DPI;
  const columns = Math.min(2, pictures.length);
  const [width, height] = [TILE.width * ratio, TILE.height * ratio];
  const canvas = createCanvas(columns * width, Math.ceil(pictures.length / columns) * height);
  const context = canvas.getContext("2d");
  context.fillStyle = THEMES[theme].ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const tiles = await Promise.all(
    pictures.map((picture) => loadImage(Buffer.from(pngOf(picture, { ...TILE, dpi, theme })))),
  );
  tiles.forEach((tile, i) => {
    context.drawImage(tile, (i % columns) * width, Math.floor(i / columns) * height);
  });
  return withResolution(canvas.toBuffer("image/png"), dpi);
}

function sizeOf({ tall = 1 }: Picture, { width = 800 }: RenderOptions): { width: number; height: number } {
  return { width, height: Math.round(width * SHAPE * tall) };
}

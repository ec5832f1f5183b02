import { createRequire } from "node:module";
import { crc32 } from "node:zlib";
import { createCanvas, GlobalFonts, loadImage, PDFDocument, type SKRSContext2D, SvgExportFlag } from "@napi-rs/canvas";
import { Chart } from "chart.js/auto";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";
import { WorkError } from "../../base/errors.ts";
import { configurationOf, FAMILY } from "./chart-configuration.ts";
import type { Picture } from "./picture.ts";
import { THEMES, type ThemeName } from "./themes.ts";

/** How large and in which colours. */
export interface RenderOptions {
  /** Of the layout, in pixels of 1/96 inch; heights follow, and sheets are half as wide again. @default 800 */
  readonly width?: number;
  /** Pixels of a PNG to the inch: 192 draws each pixel of the layout as four. @default 192 */
  readonly dpi?: number;
  /** @default "light" */
  readonly theme?: ThemeName;
}

/** Height over width: a picture of 800 x 500. */
const SHAPE = 0.625;
/** Of each picture in a sheet, over the width of a picture of its own: 620 x 420 of 800 x 500. */
const TILE = { width: 0.775, height: 0.525 };
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

/** Draws pictures as PNG: one, or a sheet of several. Equal pictures give equal bytes. */
export async function renderPng(pictures: readonly Picture[], options: RenderOptions = {}): Promise<Uint8Array> {
  registerFonts();
  const { dpi = 192, theme = "light" } = options;
  const ratio = dpi / LAYOUT_DPI;
  const { width, height, places } = layOut(pictures, options);
  const drawn = places.map((place) =>
    new ChartJSNodeCanvas({ width: place.width, height: place.height }).renderToBufferSync(
      configurationOf(place.picture, { theme: THEMES[theme], ratio }),
      "image/png",
    ),
  );
  const [first] = drawn;
  if (first !== undefined && drawn.length === 1) return withResolution(first, dpi);
  const canvas = createCanvas(width * ratio, height * ratio);
  const context = canvas.getContext("2d");
  context.fillStyle = THEMES[theme].ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const images = await Promise.all(drawn.map((png) => loadImage(png)));
  images.forEach((image, i) => {
    context.drawImage(image, (places[i]?.left ?? 0) * ratio, (places[i]?.top ?? 0) * ratio);
  });
  return withResolution(canvas.toBuffer("image/png"), dpi);
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

/** Draws pictures as SVG, in vectors; letters are outlines, so that it looks alike without the font. */
export function renderSvg(pictures: readonly Picture[], options: RenderOptions = {}): string {
  registerFonts();
  const { width, height, places } = layOut(pictures, options);
  const canvas = createCanvas(width, height, SvgExportFlag.ConvertTextToPaths);
  drawOn(canvas.getContext("2d"), { width, height, places }, options.theme);
  return numberClips(canvas.getContent().toString("utf8"));
}

/** Skia counts its clip paths over all pictures of a process; here each file counts its own. */
function numberClips(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bcl_[0-9a-f]+\b/g, (name) => {
    const own = names.get(name) ?? `clip-${names.size + 1}`;
    names.set(name, own);
    return own;
  });
}

/** Draws pictures as a PDF of one page, in vectors, with their font. It carries no date. */
export function renderPdf(pictures: readonly Picture[], title: string, options: RenderOptions = {}): Uint8Array {
  registerFonts();
  const layout = layOut(pictures, options);
  // A point is 1/72 inch.
  const scale = 72 / LAYOUT_DPI;
  const document = new PDFDocument({ title, creator: "mergesweep" });
  const context = document.beginPage(layout.width * scale, layout.height * scale);
  context.scale(scale, scale);
  drawOn(context, layout, options.theme);
  document.endPage();
  return document.close();
}

/** Where pictures stand on a canvas, in pixels of the layout. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: readonly Place[];
}

interface Place {
  readonly picture: Picture;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One picture in its own size; several in tiles, two in a row. */
function layOut(pictures: readonly Picture[], { width = 800 }: RenderOptions): Layout {
  const [first, ...others] = pictures;
  if (first !== undefined && others.length === 0) {
    const height = Math.round(width * SHAPE * (first.tall ?? 1));
    return { width, height, places: [{ picture: first, left: 0, top: 0, width, height }] };
  }
  const columns = 2;
  const tile = { width: Math.round(width * TILE.width), height: Math.round(width * TILE.height) };
  return {
    width: columns * tile.width,
    height: Math.ceil(pictures.length / columns) * tile.height,
    places: pictures.map((picture, i) => ({
      picture,
      left: (i % columns) * tile.width,
      top: Math.floor(i / columns) * tile.height,
      ...tile,
    })),
  };
}

/** What is asked of a context here; the rest is between it and chart.js. */
type VectorContext = Pick<SKRSContext2D, "fillStyle" | "fillRect" | "save" | "restore" | "translate">;

/**
 * Draws onto a context of vectors. chart.js asks for a canvas of a browser; without a document it takes whatever has getContext:
 * each picture has a canvas of its own size, and all of them draw on the one context.
 */
function drawOn(context: VectorContext, { width, height, places }: Layout, theme: ThemeName = "light"): void {
  context.fillStyle = THEMES[theme].ground;
  context.fillRect(0, 0, width, height);
  // chart.js takes a canvas to be its own: it clears it from the corner, and sets a scale where others are lost.
  for (const name of ["clearRect", "setTransform", "resetTransform"]) {
    Object.defineProperty(context, name, { value: () => {} });
  }
  for (const place of places) {
    const canvas = { width: place.width, height: place.height, style: {}, getContext: () => context };
    Object.defineProperty(context, "canvas", { value: canvas, configurable: true });
    context.save();
    context.translate(place.left, place.top);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is one of the DOM, which is not loaded here
    const item = canvas as unknown as ConstructorParameters<typeof Chart>[0];
    new Chart(item, configurationOf(place.picture, { theme: THEMES[theme], ratio: 1 })).stop();
    context.restore();
  }
}

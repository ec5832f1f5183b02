import { createRequire } from "node:module";
import { createCanvas, GlobalFonts, loadImage } from "@napi-rs/canvas";
import type { Chart, ChartConfiguration, ChartDataset, Plugin } from "chart.js";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";
import { WorkError } from "../../base/errors.ts";
import {
  drawMarkLabels,
  drawReferenceLines,
  drawWhiskers,
  type Pen,
  type Plot,
  referenceMargin,
} from "./chart-marks.ts";
import { styleOf } from "./chart-styles.ts";
import type { Axis, Picture, Series } from "./picture.ts";

/** Pixels of a picture before the ratio; and how much finer it is drawn. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** 1600 x 1000 pixels: sharp at the width of a README. */
const FULL_SIZE: ChartSize = { width: 800, height: 500, ratio: 2 };
const TILE_SIZE: ChartSize = { width: 620, height: 420, ratio: 2 };

const FAMILY = "Mergesweep Sans";
const FONT = `13px "${FAMILY}"`;
const GRID = "#e6e6e6";
const INK = "#333333";

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
export function renderChart(picture: Picture, { width, height, ratio }: ChartSize = FULL_SIZE): Uint8Array {
  registerFonts();
  const canvas = new ChartJSNodeCanvas({ width, height });
  return canvas.renderToBufferSync(configurationOf(picture, ratio), "image/png");
}

/** Several pictures in one, two in a row. */
export async function renderOverview(pictures: readonly Picture[]): Promise<Uint8Array> {
  const { width, height, ratio } = TILE_SIZE;
  const columns = Math.min(2, pictures.length);
  const canvas = createCanvas(columns * width * ratio, Math.ceil(pictures.length / columns) * height * ratio);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const tiles = await Promise.all(pictures.map((picture) => loadImage(Buffer.from(renderChart(picture, TILE_SIZE)))));
  tiles.forEach((tile, i) => {
    context.drawImage(tile, (i % columns) * width * ratio, Math.floor(i / columns) * height * ratio);
  });
  return canvas.toBuffer("image/png");
}

function configurationOf(picture: Picture, ratio: number): ChartConfiguration<"scatter"> {
  const legend = picture.series.length > 1;
  return {
    type: "scatter",
    data: { datasets: picture.series.map((series, i) => datasetOf(series, i)) },
    options: {
      responsive: false,
      animation: false,
      devicePixelRatio: ratio,
      font: { family: FAMILY, size: 13 },
      color: INK,
      layout: { padding: { top: 10, bottom: 10, left: 12, right: 16 } },
      scales: { x: scaleOf(picture.x), y: scaleOf(picture.y) },
      plugins: {
        title: {
          display: true,
          text: picture.title,
          align: "start",
          color: "#111111",
          font: { family: FAMILY, size: 17, weight: "bold" },
          padding: { top: 0, bottom: 4 },
        },
        subtitle: {
          display: true,
          text: picture.subtitle,
          align: "start",
          color: "#555555",
          font: { family: FAMILY, size: 12 },
          padding: { bottom: legend ? 4 : 12 },
        },
        legend: {
          display: legend,
          position: "top",
          align: "start",
          // Undoes the drawing order: the first series is named first.
          reverse: true,
          labels: {
            usePointStyle: true,
            boxHeight: 7,
            padding: 12,
            font: { family: FAMILY, size: 12 },
            color: INK,
          },
        },
        tooltip: { enabled: false },
      },
    },
    plugins: [marksPlugin(picture)],
  };
}

function datasetOf({ name, style, marks, joined, bare }: Series, index: number): ChartDataset<"scatter"> {
  const { color, marker, dash } = styleOf(style);
  const stroked = marker === "star" || marker === "crossRot" || marker === "cross";
  return {
    label: name,
    data: marks.map(({ x, y }) => ({ x, y })),
    showLine: joined,
    borderColor: color,
    borderWidth: 2,
    borderDash: [...dash],
    backgroundColor: color,
    pointStyle: bare ? "line" : marker,
    pointRadius: bare ? 0 : marker === "circle" || stroked ? 5 : 6,
    pointBackgroundColor: marks.map(({ hollow }) => (hollow ? (joined ? "transparent" : "#ffffff") : color)),
    pointBorderColor: color,
    pointBorderWidth: stroked ? 2 : 1.8,
    clip: false,
    // Later series on top: the outlines of a second one stay visible over the filled marks of the first.
    order: -index,
  };
}

type ScatterScale = NonNullable<NonNullable<ChartConfiguration<"scatter">["options"]>["scales"]>[string];

function scaleOf({ title, min, max, ticks }: Axis): ScatterScale {
  const labels = new Map(ticks.map(({ value, label }) => [value, label]));
  return {
    type: "linear",
    min,
    max,
    afterBuildTicks: (scale) => {
      scale.ticks = ticks.map(({ value }) => ({ value }));
    },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      color: INK,
      font: { family: FAMILY, size: 12 },
      callback: (value) => [...(labels.get(Number(value)) ?? [""])],
    },
    title: { display: title !== "", text: title, color: INK, font: { family: FAMILY, size: 13 } },
    grid: { color: GRID, tickLength: 5 },
    border: { color: "#999999" },
  };
}

/** What chart.js does not draw: a white ground, whiskers, reference lines with labels, labels beside marks. */
function marksPlugin(picture: Picture): Plugin<"scatter"> {
  return {
    id: "mergesweep-marks",
    beforeLayout(chart) {
      const padding = chart.options.layout?.padding;
      if (typeof padding !== "object" || !("right" in padding)) return;
      padding.right = Math.max(16, referenceMargin(penOf(chart), picture, FONT));
    },
    beforeDraw(chart) {
      const pen = penOf(chart);
      pen.save();
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, chart.width, chart.height);
      pen.restore();
    },
    beforeDatasetsDraw(chart) {
      drawReferenceLines(penOf(chart), plotOf(chart), picture, FONT);
      drawWhiskers(penOf(chart), plotOf(chart), picture);
    },
    afterDatasetsDraw(chart) {
      drawMarkLabels(penOf(chart), plotOf(chart), picture, FONT);
    },
  };
}

function penOf(chart: Chart): Pen {
  return chart.ctx;
}

function plotOf(chart: Chart): Plot {
  const { x, y } = chart.scales;
  return {
    area: chart.chartArea,
    x: (value) => x?.getPixelForValue(value) ?? 0,
    y: (value) => y?.getPixelForValue(value) ?? 0,
  };
}

import type { Chart, ChartConfiguration, ChartDataset, LinearScaleOptions, Plugin, Scale } from "chart.js";
import { CAPTION_LINE, drawCaption, drawMarked, drawRibbons, drawTiles, wrapText } from "./chart-areas.ts";
import { drawKey, KEY_ROW, keyRows } from "./chart-key.ts";
import { drawEdges, drawMarkLabels, drawWhiskers, edgeMargin, type Look, type Pen, type Plot } from "./chart-marks.ts";
import { type Axis, type Picture, type Series, withRoom } from "./picture.ts";
import { styleOf, type Theme } from "./themes.ts";

/** The font of all pictures; a browser that has not got it takes its own. */
export const FAMILY = "Mergesweep Sans";

/** How a picture is drawn, on a canvas here or in a browser. */
export interface ChartLook {
  readonly theme: Theme;
  /** Pixels of the canvas for each pixel of the layout. */
  readonly ratio: number;
  /** In a page: the chart fills its container and says what is under the pointer. @default false */
  readonly live?: boolean;
  /** In a page: the point whose place is marked. Asked at every drawing. */
  readonly cursor?: () => string | undefined;
}

/** chart.js's configuration for a picture: the one way in which pictures are drawn. */
export function configurationOf(picture: Picture, look: ChartLook): ChartConfiguration<"scatter"> {
  const { theme, ratio, live = false } = look;
  const legend = picture.series.filter(({ name }) => name !== "").length > 1;
  return {
    type: "scatter",
    data: { datasets: picture.series.map((series, i) => datasetOf(series, i, theme)) },
    options: {
      responsive: live,
      maintainAspectRatio: false,
      animation: false,
      ...(live ? {} : { devicePixelRatio: ratio }),
      font: { family: fontFamily(), size: 13 },
      color: theme.ink,
      layout: { padding: { top: 10, bottom: 10, left: 12, right: 16 } },
      scales: {
        x: scaleOf(picture.x, theme, live),
        y: scaleOf(picture.y, theme, live),
        ...((picture.marked ?? []).length > 0 ? { above: roomAbove() } : {}),
      },
      plugins: {
        title: {
          display: true,
          text: picture.title,
          align: "start",
          color: theme.title,
          font: { family: fontFamily(), size: 17, weight: "bold" },
          padding: { top: 0, bottom: 4 },
        },
        subtitle: {
          display: true,
          text: picture.subtitle,
          align: "start",
          color: theme.faint,
          font: { family: fontFamily(), size: 12 },
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
            font: { family: fontFamily(), size: 12 },
            color: theme.ink,
          },
          // Hiding lines by a click would leave their whiskers and bands.
          onClick: () => {},
        },
        tooltip: {
          enabled: live,
          callbacks: { label: ({ datasetIndex, dataIndex }) => tooltipOf(picture, datasetIndex, dataIndex) },
        },
      },
    },
    plugins: [marksPlugin(picture, look)],
  };
}

function fontFamily(): string {
  return `"${FAMILY}", system-ui, sans-serif`;
}

function tooltipOf({ series }: Picture, datasetIndex: number, dataIndex: number): string {
  const own = series[datasetIndex];
  const mark = own?.marks[dataIndex];
  if (own === undefined || mark === undefined) return "";
  const range = mark.yInterval === null ? "" : ` [${mark.yInterval.low.toFixed(1)}, ${mark.yInterval.high.toFixed(1)}]`;
  return `${mark.point ?? ""} ${own.name}: ${mark.y.toFixed(1)}${range}`.trim();
}

function datasetOf({ name, style, marks, joined, bare }: Series, index: number, theme: Theme): ChartDataset<"scatter"> {
  const { color, marker, dash } = styleOf(style, theme);
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
    pointBackgroundColor: marks.map(({ hollow }) => (hollow ? (joined ? "transparent" : theme.ground) : color)),
    pointBorderColor: color,
    pointBorderWidth: stroked ? 2 : 1.8,
    clip: false,
    // Later series on top: the outlines of a second one stay visible over the filled marks of the first.
    order: -index,
  };
}

type ScatterScale = NonNullable<NonNullable<ChartConfiguration<"scatter">["options"]>["scales"]>[string];

function scaleOf({ title, min, max, ticks, grid = true }: Axis, theme: Theme, live: boolean): ScatterScale {
  const labels = new Map(ticks.map(({ value, label }) => [value, label]));
  return {
    type: "linear",
    min,
    max,
    beforeUpdate: (scale) => {
      if (!live || scale.isHorizontal()) return;
      const pen: Pen = scale.ctx;
      pen.save();
      pen.font = `13px ${fontFamily()}`;
      // A narrow page leaves little height beside a title, legend and caption of several lines.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is that of all scales; this one is linear
      const { title: own } = scale.options as LinearScaleOptions;
      own.text = wrapText(pen, title, scale.chart.height * 0.4);
      pen.restore();
    },
    afterBuildTicks: (scale) => {
      const shown = live && scale.isHorizontal() ? withRoom(ticks, gapBetween(scale, ticks)) : ticks;
      scale.ticks = shown.map(({ value }) => ({ value }));
    },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      color: theme.ink,
      font: { family: fontFamily(), size: 12 },
      callback: (value) => [...(labels.get(Number(value)) ?? [""])],
    },
    title: { display: title !== "", text: title, color: theme.ink, font: { family: fontFamily(), size: 13 } },
    grid: { color: theme.grid, tickLength: 5, drawOnChartArea: grid },
    border: { color: theme.border },
  };
}

/** How far apart ticks must be on a page's chart, in the units of the axis, for the first lines of their labels not to touch. */
function gapBetween(scale: Scale, ticks: Axis["ticks"]): number {
  const pen: Pen = scale.ctx;
  pen.save();
  pen.font = `12px ${fontFamily()}`;
  const widest = Math.max(0, ...ticks.map(({ label }) => pen.measureText(label[0] ?? "").width));
  pen.restore();
  return ((widest + 10) / Math.max(1, scale.width)) * (scale.max - scale.min);
}

/** An axis without anything to see: room above the plot for the label of a marked place. */
function roomAbove(): ScatterScale {
  return {
    type: "linear",
    axis: "x",
    position: "top",
    grid: { display: false },
    border: { display: false },
    ticks: { display: false },
    afterFit: (scale) => {
      scale.height = 16;
    },
  };
}

/** Width in pixels below which labels are smaller, so that they leave room for the plot. */
const NARROW = 480;
/** Part of the width of a narrow chart of a page that labels beside the plot may take; wider ones stand below it. */
const MOST_MARGIN = 0.22;
/** Pixels left of titles and captions. */
const LEFT = 14;

/** What chart.js does not draw: the ground, areas, whiskers, lines with labels, labels beside marks, the caption. */
function marksPlugin(picture: Picture, { theme, cursor, live = false }: ChartLook): Plugin<"scatter"> {
  const look: { theme: Theme; font: string } = { theme, font: "" };
  const captionFont = `11px ${fontFamily()}`;
  let caption: string[] = [];
  let key: ReturnType<typeof keyRows> = [];
  return {
    id: "mergesweep-marks",
    beforeUpdate(chart) {
      look.font = `${chart.width < NARROW ? 11 : 13}px ${fontFamily()}`;
      const { plugins, layout } = chart.options;
      const pen = penOf(chart);
      const margin = edgeMargin(pen, picture, look);
      const below = live && chart.width < NARROW && margin > chart.width * MOST_MARGIN;
      const right = below ? 16 : Math.max(16, margin);
      key = below ? keyRows(pen, picture, look, chart.width - 2 * LEFT) : [];
      pen.save();
      // chart.js squeezes letters where a title is too long.
      const width = chart.width - LEFT - right;
      if (plugins?.title) {
        pen.font = `bold 17px ${fontFamily()}`;
        plugins.title.text = wrapText(pen, picture.title, width);
      }
      if (plugins?.subtitle) {
        pen.font = `12px ${fontFamily()}`;
        plugins.subtitle.text = wrapText(pen, picture.subtitle, width);
      }
      pen.font = captionFont;
      caption = wrapText(pen, picture.caption, chart.width - 2 * LEFT);
      pen.restore();
      const padding = layout?.padding;
      if (typeof padding !== "object" || !("right" in padding)) return;
      padding.right = right;
      padding.bottom = 10 + caption.length * CAPTION_LINE + key.length * KEY_ROW;
    },
    beforeDraw(chart) {
      const pen = penOf(chart);
      pen.save();
      pen.fillStyle = theme.ground;
      pen.fillRect(0, 0, chart.width, chart.height);
      pen.restore();
      const bottom = chart.height - 7;
      drawCaption(pen, caption, { left: LEFT, bottom }, { color: theme.faint, font: captionFont });
      const top = bottom - caption.length * CAPTION_LINE - key.length * KEY_ROW;
      drawKey(pen, key, { left: LEFT, top }, look);
    },
    beforeDatasetsDraw(chart) {
      const [pen, plot] = [penOf(chart), plotOf(chart)];
      drawTiles(pen, plot, picture, look);
      drawRibbons(pen, plot, picture, look);
      drawMarked(pen, plot, picture, look);
      drawEdges(pen, plot, picture, look, key.length === 0);
      drawWhiskers(pen, plot, picture, look);
      const point = cursor?.();
      if (point !== undefined) drawCursor(pen, plot, picture, look, point);
    },
    afterDatasetsDraw(chart) {
      drawMarkLabels(penOf(chart), plotOf(chart), picture, look);
    },
  };
}

/** The point that a page looks at: a line where x shows points, else a ground of colour under its marks. */
function drawCursor(
  pen: Pen,
  plot: Plot,
  { places, series, tiles = [] }: Picture,
  { theme }: Look,
  point: string,
): void {
  const color = styleOf(1, theme).color;
  pen.save();
  pen.fillStyle = color;
  pen.strokeStyle = color;
  const place = places?.find((one) => one.point === point);
  if (place !== undefined) {
    pen.globalAlpha = 0.35;
    pen.fillRect(plot.x(place.x) - 5, plot.area.top, 10, plot.area.bottom - plot.area.top);
  } else {
    pen.globalAlpha = 0.35;
    const marks = tiles.length > 0 ? [] : series.flatMap((one) => one.marks.filter((mark) => mark.point === point));
    for (const { x, y } of marks) {
      pen.beginPath();
      pen.arc(plot.x(x), plot.y(y), 15, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 4;
    for (const { left, right, top, bottom } of tiles.filter((tile) => tile.point === point)) {
      pen.strokeRect(plot.x(left), plot.y(top), plot.x(right) - plot.x(left), plot.y(bottom) - plot.y(top));
    }
  }
  pen.restore();
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

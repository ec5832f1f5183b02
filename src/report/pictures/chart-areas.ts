import { type Look, type Pen, type Plot, strokeLines } from "./chart-marks.ts";
import type { Picture, Ribbon, Series } from "./picture.ts";
import { heatColor, styleOf } from "./themes.ts";

/** Of a simultaneous band, of its colour. */
const BAND_OPACITY = 0.15;

/** Areas along x: bands of series, and ribbons. */
export function drawRibbons(pen: Pen, plot: Plot, { series, ribbons = [] }: Picture, { theme }: Look): void {
  pen.save();
  for (const { style, opacity, corners } of [...ribbons, ...series.flatMap(bandOf)]) {
    const [first] = corners;
    if (first === undefined) continue;
    pen.globalAlpha = opacity;
    pen.fillStyle = styleOf(style, theme).color;
    pen.beginPath();
    pen.moveTo(plot.x(first.x), plot.y(first.high));
    for (const { x, high } of corners) pen.lineTo(plot.x(x), plot.y(high));
    for (const { x, low } of corners.toReversed()) pen.lineTo(plot.x(x), plot.y(low));
    pen.closePath();
    pen.fill();
  }
  pen.restore();
}

function bandOf({ name, style, marks }: Series): Ribbon[] {
  const corners = marks.flatMap(({ x, band }) => (band ? [{ x, ...band }] : []));
  return corners.length < 2 ? [] : [{ name, style, opacity: BAND_OPACITY, corners }];
}

/** Bars and the cells of heat maps, with what is written in them where it fits. */
export function drawTiles(pen: Pen, plot: Plot, { tiles = [], contours = [] }: Picture, { theme, font }: Look): void {
  pen.save();
  pen.font = font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const boxes = tiles.map(({ left, right, bottom, top }) => {
    const [x, y] = [plot.x(left), plot.y(top)];
    return { x, y, width: plot.x(right) - x, height: plot.y(bottom) - y };
  });
  pen.strokeStyle = theme.ground;
  pen.lineWidth = 1;
  tiles.forEach(({ fill }, i) => {
    const { x = 0, y = 0, width = 0, height = 0 } = boxes[i] ?? {};
    pen.fillStyle = "heat" in fill ? heatColor(fill.heat).color : styleOf(fill.style, theme).color;
    pen.fillRect(x, y, width, height);
    pen.strokeRect(x, y, width, height);
  });
  for (const { lines } of contours) {
    const drawn = lines.map(([x1, y1, x2, y2]) => [plot.x(x1), plot.y(y1), plot.x(x2), plot.y(y2)] as const);
    // White inside black is seen on dark cells and on bright ones.
    for (const [color, width] of [
      ["#000000", 3],
      ["#ffffff", 1.2],
    ] as const) {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      strokeLines(pen, ...drawn);
    }
  }
  tiles.forEach(({ fill, label, ringed }, i) => {
    const { x = 0, y = 0, width = 0, height = 0 } = boxes[i] ?? {};
    pen.lineWidth = 3;
    if (ringed === true) {
      pen.strokeStyle = "#000000";
      pen.strokeRect(x + 3, y + 3, width - 6, height - 6);
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 1;
      pen.strokeRect(x + 3, y + 3, width - 6, height - 6);
    }
    if (label === null || !("heat" in fill) || pen.measureText(label).width > width - 4 || height < 15) return;
    const { color, text } = heatColor(fill.heat);
    pen.strokeStyle = color;
    pen.lineWidth = 4;
    pen.strokeText(label, x + width / 2, y + height / 2);
    pen.fillStyle = text;
    pen.fillText(label, x + width / 2, y + height / 2);
  });
  pen.restore();
}

/** The chosen point: a line from top to bottom, its label above the plot. */
export function drawMarked(pen: Pen, plot: Plot, { marked = [] }: Picture, { theme, font }: Look): void {
  const { area } = plot;
  pen.save();
  pen.font = font;
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  pen.lineWidth = 1.4;
  pen.strokeStyle = theme.title;
  pen.fillStyle = theme.title;
  for (const { x, label } of marked) {
    const at = plot.x(x);
    pen.setLineDash([1, 3]);
    strokeLines(pen, [at, area.top - 3, at, area.bottom]);
    const width = pen.measureText(label).width;
    const left = Math.min(Math.max(at - width / 2, area.left), Math.max(area.left, area.right - width));
    pen.fillText(label, left, area.top - 4);
  }
  pen.restore();
}

/** Height of a line of a caption, in pixels. */
export const CAPTION_LINE = 15;

/** What the picture rests on, below it. */
export function drawCaption(
  pen: Pen,
  lines: readonly string[],
  place: { readonly left: number; readonly bottom: number },
  look: { readonly color: string; readonly font: string },
): void {
  pen.save();
  pen.font = look.font;
  pen.fillStyle = look.color;
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  lines.forEach((line, i) => {
    pen.fillText(line, place.left, place.bottom - (lines.length - 1 - i) * CAPTION_LINE);
  });
  pen.restore();
}

/** Breaks a text into lines that fit a width in pixels. */
export function wrapText(pen: Pen, text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || pen.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

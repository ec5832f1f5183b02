import type { Picture } from "./picture.ts";
import { type Box, type LabelRequest, placeLabels, spread } from "./place-labels.ts";
import { styleOf, type Theme } from "./themes.ts";

/** The part of a canvas context that is drawn with. */
export interface Pen {
  font: string;
  fillStyle: string | object;
  strokeStyle: string | object;
  lineWidth: number;
  textAlign: string;
  textBaseline: string;
  globalAlpha: number;
  save(): void;
  restore(): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
  closePath(): void;
  arc(x: number, y: number, radius: number, start: number, end: number): void;
  fill(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
  setLineDash(segments: number[]): void;
  measureText(text: string): { width: number };
}

/** Where the axes are on the canvas. */
export interface Plot {
  readonly area: Box;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** How it is drawn: which colours, and the font of labels. */
export interface Look {
  readonly theme: Theme;
  readonly font: string;
}

const CAP = 4;

/** Whiskers with caps, under the markers. */
export function drawWhiskers(pen: Pen, plot: Plot, { series }: Picture, { theme }: Look): void {
  pen.save();
  pen.lineWidth = 1.4;
  for (const { marks, style } of series) {
    pen.strokeStyle = styleOf(style, theme).color;
    pen.globalAlpha = 0.7;
    for (const { x, y, xInterval, yInterval } of marks) {
      const [px, py] = [plot.x(x), plot.y(y)];
      if (yInterval !== null) {
        const [low, high] = [plot.y(yInterval.low), plot.y(yInterval.high)];
        strokeLines(pen, [px, low, px, high], [px - CAP, low, px + CAP, low], [px - CAP, high, px + CAP, high]);
      }
      if (xInterval !== null) {
        const [low, high] = [plot.x(xInterval.low), plot.x(xInterval.high)];
        strokeLines(pen, [low, py, high, py], [low, py - CAP, low, py + CAP], [high, py - CAP, high, py + CAP]);
      }
    }
  }
  pen.restore();
}

/**
 * Lines across the plot, and labels in the margin at the right, moved apart where they would touch.
 *
 * @param labelled whether the labels stand there
 */
export function drawEdges(
  pen: Pen,
  plot: Plot,
  { lines, edges = [] }: Picture,
  { theme, font }: Look,
  labelled: boolean,
): void {
  const { area } = plot;
  const labels = labelled ? [...lines, ...edges] : [];
  const places = spread(
    labels.map(({ y }) => plot.y(y)),
    EDGE_HEIGHT,
    area.top,
    area.bottom,
  );
  pen.save();
  pen.lineWidth = 1.4;
  for (const line of lines) {
    pen.strokeStyle = styleOf(line.style, theme).color;
    pen.setLineDash([...line.dash]);
    strokeLines(pen, [area.left, plot.y(line.y), area.right, plot.y(line.y)]);
  }
  pen.setLineDash([]);
  pen.font = font;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  labels.forEach(({ y, label, style }, i) => {
    const labelY = places[i] ?? plot.y(y);
    pen.strokeStyle = styleOf(style, theme).color;
    strokeLines(pen, [area.right, plot.y(y), area.right + 7, labelY]);
    pen.fillStyle = styleOf(style, theme).text;
    pen.fillText(label, area.right + 10, labelY);
  });
  pen.restore();
}

/** From one label in the margin to the next. */
const EDGE_HEIGHT = 17;

/** How much room the labels at the right of the plot need, in pixels. */
export function edgeMargin(pen: Pen, { lines, edges = [] }: Picture, { font }: Look): number {
  pen.save();
  pen.font = font;
  const widths = [...lines, ...edges].map(({ label }) => pen.measureText(label).width);
  pen.restore();
  return widths.length === 0 ? 0 : Math.ceil(Math.max(...widths)) + 14;
}

/** Rings around marks, and the labels of marks where nothing else is; what finds no room is not written. */
export function drawMarkLabels(pen: Pen, plot: Plot, { series }: Picture, { theme, font }: Look): void {
  const marks = series.flatMap((one) => one.marks.map((mark) => ({ ...mark, style: one.style, bare: one.bare })));
  const obstacles = marks
    .filter(({ bare }) => !bare)
    .map(({ x, y, ringed }) => around(plot.x(x), plot.y(y), ringed === true ? RING : 6));
  const soft = marks.flatMap(({ x, y, xInterval, yInterval }) => {
    const [px, py] = [plot.x(x), plot.y(y)];
    return [
      ...(xInterval === null
        ? []
        : [{ ...around(px, py, 2), left: plot.x(xInterval.low), right: plot.x(xInterval.high) }]),
      ...(yInterval === null
        ? []
        : [{ ...around(px, py, 2), top: plot.y(yInterval.high), bottom: plot.y(yInterval.low) }]),
    ];
  });
  for (const { bare, marks: corners } of series) if (bare) soft.push(...alongLine(corners, plot));
  pen.save();
  pen.strokeStyle = theme.title;
  pen.lineWidth = 1.6;
  for (const { x, y } of marks.filter(({ ringed }) => ringed)) {
    pen.beginPath();
    pen.arc(plot.x(x), plot.y(y), RING, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.font = font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const requests: (LabelRequest & { style: number })[] = marks
    .flatMap((mark) => (mark.label === null ? [] : [{ ...mark, label: mark.label }]))
    .toSorted((a, b) => importance(b) - importance(a))
    .map(({ x, y, label, style }) => ({
      text: label,
      x: plot.x(x),
      y: plot.y(y),
      width: pen.measureText(label).width + 8,
      height: 15,
      style,
    }));
  for (const { text, x, y, box, leader, style } of placeLabels(requests, obstacles, soft, plot.area)) {
    const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    if (leader) {
      pen.strokeStyle = theme.leader;
      pen.lineWidth = 0.8;
      strokeLines(pen, [x, y, clamp(x, box.left, box.right), clamp(y, box.top, box.bottom)]);
    }
    // A rim in the colour of the ground keeps the text readable over whiskers and grid.
    pen.strokeStyle = theme.ground;
    pen.lineWidth = 3;
    pen.strokeText(text, cx, cy);
    pen.fillStyle = styleOf(style, theme).text;
    pen.fillText(text, cx, cy);
  }
  pen.restore();
}

/** Of the ring around a chosen mark, in pixels. */
const RING = 10;

/** Which labels are placed first: the chosen point, then what is not beaten. */
function importance({ ringed, hollow }: { readonly ringed?: boolean; readonly hollow: boolean }): number {
  return (ringed === true ? 2 : 0) + (hollow ? 0 : 1);
}

/** Small boxes along a line through marks, for labels to keep away from. */
function alongLine(corners: readonly { x: number; y: number }[], plot: Plot): Box[] {
  return corners.slice(1).flatMap((to, i) => {
    const from = corners[i] ?? to;
    const [x1, y1, x2, y2] = [plot.x(from.x), plot.y(from.y), plot.x(to.x), plot.y(to.y)];
    const steps = Math.max(1, Math.ceil(Math.hypot(x2 - x1, y2 - y1) / 5));
    return Array.from({ length: steps }, (_, step) =>
      around(x1 + ((x2 - x1) * step) / steps, y1 + ((y2 - y1) * step) / steps, 3),
    );
  });
}

function around(x: number, y: number, radius: number): Box {
  return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Straight lines, each from (x1, y1) to (x2, y2). */
export function strokeLines(pen: Pen, ...lines: readonly (readonly [number, number, number, number])[]): void {
  pen.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
  }
  pen.stroke();
}

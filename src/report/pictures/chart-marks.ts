import { styleOf } from "./chart-styles.ts";
import type { Picture } from "./picture.ts";
import { type Box, type LabelRequest, placeLabels, spread } from "./place-labels.ts";

/** The part of a canvas context that is drawn with. */
export interface Pen {
  font: string;
  fillStyle: string;
  strokeStyle: string;
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
  fillRect(x: number, y: number, width: number, height: number): void;
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

const CAP = 4;
const TEXT = "#222222";

/** Whiskers with caps, under the markers. */
export function drawWhiskers(pen: Pen, plot: Plot, { series }: Picture): void {
  pen.save();
  pen.lineWidth = 1.4;
  for (const { marks, style } of series) {
    pen.strokeStyle = styleOf(style).color;
    pen.globalAlpha = 0.65;
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

/** Lines across the plot, their labels in the margin at the right, moved apart where they would touch. */
export function drawReferenceLines(pen: Pen, plot: Plot, { lines }: Picture, font: string): void {
  const { area } = plot;
  const places = spread(
    lines.map(({ y }) => plot.y(y)),
    17,
    area.top,
    area.bottom,
  );
  pen.save();
  pen.font = font;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  lines.forEach((line, i) => {
    const y = plot.y(line.y);
    const labelY = places[i] ?? y;
    pen.strokeStyle = styleOf(line.style).color;
    pen.lineWidth = 1.4;
    pen.setLineDash([...line.dash]);
    strokeLines(pen, [area.left, y, area.right, y]);
    pen.setLineDash([]);
    strokeLines(pen, [area.right, y, area.right + 7, labelY]);
    pen.fillStyle = styleOf(line.style).text;
    pen.fillText(line.label, area.right + 10, labelY);
  });
  pen.restore();
}

/** How much room the labels of the reference lines need at the right of the plot, in pixels. */
export function referenceMargin(pen: Pen, { lines }: Picture, font: string): number {
  pen.save();
  pen.font = font;
  const widths = lines.map(({ label }) => pen.measureText(label).width);
  pen.restore();
  return lines.length === 0 ? 0 : Math.ceil(Math.max(...widths)) + 14;
}

/** The labels of marks, each where nothing else is, with a thin line to its mark where it had to go far. */
export function drawMarkLabels(pen: Pen, plot: Plot, { series }: Picture, font: string): void {
  const marks = series.flatMap((one) => one.marks.map((mark) => ({ ...mark, style: one.style, bare: one.bare })));
  const obstacles = marks.filter(({ bare }) => !bare).map(({ x, y }) => around(plot.x(x), plot.y(y), 6));
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
  pen.font = font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const requests: (LabelRequest & { style: number })[] = marks.flatMap(({ x, y, label, style }) =>
    label === null
      ? []
      : [{ text: label, x: plot.x(x), y: plot.y(y), width: pen.measureText(label).width + 8, height: 15, style }],
  );
  const placed = placeLabels(requests, obstacles, soft, plot.area);
  placed.forEach(({ text, x, y, box, leader }, i) => {
    const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    if (leader) {
      pen.strokeStyle = "#8a8a8a";
      pen.lineWidth = 0.8;
      strokeLines(pen, [x, y, clamp(x, box.left, box.right), clamp(y, box.top, box.bottom)]);
    }
    // A white rim keeps the text readable over whiskers and grid.
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 3;
    pen.strokeText(text, cx, cy);
    pen.fillStyle = requests[i] === undefined ? TEXT : styleOf(requests[i].style).text;
    pen.fillText(text, cx, cy);
  });
  pen.restore();
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

function strokeLines(pen: Pen, ...lines: readonly (readonly [number, number, number, number])[]): void {
  pen.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
  }
  pen.stroke();
}

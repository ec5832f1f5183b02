import { type Look, type Pen, strokeLines } from "./chart-marks.ts";
import type { Picture } from "./picture.ts";
import { styleOf } from "./themes.ts";

/** The label of a line or edge, with a piece of the line before it. */
interface KeyEntry {
  readonly label: string;
  readonly style: number;
  readonly dash: readonly number[];
  /** Pixels from the left. */
  readonly left: number;
}

/** Height of a row of the key, in pixels. */
export const KEY_ROW = 16;
/** Pixels of the piece of line, with the room behind it, and between two entries. */
const SAMPLE = 22;
const GAP = 14;

/** Where a plot is too narrow for labels beside it they stand below, in rows of at most a width in pixels. */
export function keyRows(pen: Pen, { lines, edges = [] }: Picture, { font }: Look, width: number): KeyEntry[][] {
  pen.save();
  pen.font = font;
  const rows: KeyEntry[][] = [];
  let left = 0;
  for (const entry of [...lines, ...edges.map((edge) => ({ ...edge, label: edge.name ?? edge.label, dash: [] }))]) {
    const needed = SAMPLE + pen.measureText(entry.label).width;
    const row = rows.at(-1);
    if (row === undefined || left + needed > width) {
      rows.push([{ ...entry, left: 0 }]);
      left = needed + GAP;
    } else {
      row.push({ ...entry, left });
      left += needed + GAP;
    }
  }
  pen.restore();
  return rows;
}

export function drawKey(
  pen: Pen,
  rows: readonly (readonly KeyEntry[])[],
  place: { readonly left: number; readonly top: number },
  { theme, font }: Look,
): void {
  pen.save();
  pen.font = font;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.lineWidth = 2;
  rows.forEach((row, i) => {
    const y = place.top + (i + 0.5) * KEY_ROW;
    for (const { label, style, dash, left } of row) {
      const x = place.left + left;
      pen.strokeStyle = styleOf(style, theme).color;
      pen.setLineDash([...dash]);
      strokeLines(pen, [x, y, x + SAMPLE - 5, y]);
      pen.fillStyle = styleOf(style, theme).text;
      pen.fillText(label, x + SAMPLE, y);
    }
  });
  pen.restore();
}

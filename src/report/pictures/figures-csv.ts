import type { Interval } from "../../stats/interval.ts";
import { csvText } from "../tables/csv-text.ts";
import type { Axis, Picture, Tile } from "./picture.ts";

const HEADER = ["part", "name", "point", "x", "y", "x_low", "x_high", "y_low", "y_high", "band_low", "band_high"];

/** The figures behind a picture, in the units of its axes: a row a mark, corner of an area, cell, line. Six significant digits. */
export function figuresCsv({ x, y, series, lines, ribbons = [], tiles = [] }: Picture): string {
  const rows = [
    // The whiskers of bars are in the rows of these.
    ...series.flatMap(({ name, bare, marks }) =>
      (name === "" ? [] : marks).map((mark) => [
        bare ? "line" : "mark",
        name,
        mark.point ?? "",
        placed(x, mark.x),
        placed(y, mark.y),
        ...ends(mark.xInterval),
        ...ends(mark.yInterval),
        ...ends(mark.band),
      ]),
    ),
    ...ribbons.flatMap(({ name, corners }) =>
      corners.map((corner) => ["area", name, "", placed(x, corner.x), "", "", "", ...ends(corner), "", ""]),
    ),
    ...tiles.map((tile) => ["cell", tile.name, tile.point, ...cell(x, y, tile), "", ""]),
    ...lines.map(({ label, y: height }) => ["reference", label, "", "", written(height), "", "", "", "", "", ""]),
  ];
  return csvText([HEADER, ...rows]);
}

/** Where a cell is, and the intervals of its value: along y, or of a horizontal bar along x. */
function cell(x: Axis, y: Axis, { left, right, bottom, top, value, interval, lies = false }: Tile): string[] {
  const [column, row] = [placed(x, (left + right) / 2), placed(y, (bottom + top) / 2)];
  if (value === null) return [column, row, "", "", "", ""];
  return lies ? [written(value), row, ...ends(interval), "", ""] : [column, written(value), "", "", ...ends(interval)];
}

function ends(interval: Interval | null | undefined): [string, string] {
  return interval ? [written(interval.low), written(interval.high)] : ["", ""];
}

/** A place on an axis: by its name where the axis has words for numbers. */
function placed({ ticks }: Axis, value: number): string {
  return ticks.find((tick) => tick.value === value)?.label[0] ?? written(value);
}

/** Without the noise of binary fractions, never in a locale. */
function written(value: number): string {
  return String(Number(value.toPrecision(6)));
}

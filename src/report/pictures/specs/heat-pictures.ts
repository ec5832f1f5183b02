import { decimal } from "../../../findings/numbers.ts";
import type { SummaryRow } from "../../../findings/summarize.ts";
import type { Axis, Picture, PictureKind, Tile } from "../picture.ts";
import { type ChartContext, captionOf, chosenPoint, subtitleOf } from "./chart-context.ts";
import { type Measured, measuresOf } from "./chart-rows.ts";
import { contoursOf } from "./contours.ts";
import { shortNames } from "./short-names.ts";

/** Labels of columns that stand side by side; with more of them every other, third... is written. */
const MOST_LABELS = 14;

/** A row of cells for every setting of the other axes, for each measure; nothing for fewer than two axes. */
export function gridPictures(context: ChartContext): Picture[] {
  const { manifest, points } = context;
  const [first, ...others] = manifest.axes;
  if (first === undefined || others.length === 0) return [];
  const columns = ordered(points.map(({ axes }) => axes[first] ?? "?"));
  const settingOf = ({ axes }: SummaryRow): string =>
    others.length === 1
      ? (axes[others[0] ?? ""] ?? "?")
      : others.map((axis) => `${axis}=${axes[axis] ?? "?"}`).join(", ");
  const settings = ordered(points.map(settingOf));
  const { accuracy, accuracy_strict: strict, format, tokens } = measuresOf(context);
  const draw = (name: PictureKind, title: string, measure: Measured, write: (value: number) => string): Picture[] =>
    gridPicture(context, { name, title, measure, write, columns, settings, settingOf });
  return [
    ...draw("grid-accuracy", "Accuracy, %", accuracy, oneDigit),
    ...draw("grid-accuracy-strict", "Strict accuracy, %", strict, oneDigit),
    ...draw("grid-format", "Format, %", format, oneDigit),
    ...draw("grid-tokens", "Mean tokens", tokens, (value) => decimal(value, value < 100 ? 1 : 0)),
  ];
}

interface GridRequest {
  readonly name: PictureKind;
  readonly title: string;
  readonly measure: Measured;
  readonly write: (value: number) => string;
  readonly columns: readonly string[];
  readonly settings: readonly string[];
  readonly settingOf: (row: SummaryRow) => string;
}

function gridPicture(context: ChartContext, request: GridRequest): Picture[] {
  const { manifest, points, benchmark } = context;
  const { name, title, measure, write, columns, settings, settingOf } = request;
  const [first = "", ...others] = manifest.axes;
  const cells = points.map((row) => ({
    row,
    column: columns.indexOf(row.axes[first] ?? "?"),
    line: settings.indexOf(settingOf(row)),
    ...measure.shown(row),
  }));
  const known = cells.flatMap(({ value }) => (value === null ? [] : [value]));
  if (known.length < 2) return [];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const chosen = chosenPoint(context);
  const heights = settings.map((_, line) =>
    columns.map(
      (__, column) => cells.find((cell) => cell.column === column && cell.line === line)?.value ?? Number.NaN,
    ),
  );
  const numeric = [...columns, ...settings].every((text) => Number.isFinite(Number(text)));
  const contours = numeric && others.length === 1 ? contoursOf(heights) : [];
  const levels = contours.map(({ level }) => level).join(", ");
  return [
    {
      name,
      kind: name,
      benchmark,
      title: `${title}, by ${manifest.axes.join(" and ")}`,
      subtitle: `${subtitleOf(context)}; dark: ${write(low)}, bright: ${write(high)}${chosen === undefined ? "" : `; frame: ${chosen.text}`}`,
      caption: captionOf(context, contours.length > 0 ? `Lines: ${levels}, interpolated between cells.` : ""),
      x: cellAxis(first, columns),
      y: cellAxis(others.length === 1 ? (others[0] ?? "") : "", settings),
      series: [],
      lines: [],
      tiles: cells.flatMap(({ row, column, line, value, interval }) =>
        value === null
          ? []
          : [
              {
                ...cellAt(column, line),
                name: measure.name,
                point: row.point,
                fill: { heat: heatOf(value, low, high) },
                label: write(value),
                value,
                interval,
                ringed: row.point === chosen?.name,
              },
            ],
      ),
      contours,
    },
  ];
}

/** Points by benchmarks: each benchmark against its own mean, for their levels differ more than their points. */
export function benchmarkHeat(contexts: readonly ChartContext[]): Picture[] {
  const [first] = contexts;
  if (contexts.length < 2 || first === undefined) return [];
  const names = [...new Set(contexts.flatMap(({ rows }) => rows.map(({ point }) => point)))];
  if (names.length < 2) return [];
  const strict = contexts.every(({ rows }) => rows.every(({ accuracyStrict }) => accuracyStrict.value !== null));
  const lines = contexts.toReversed().map((context) => {
    const measure = measuresOf(context)[strict ? "accuracy_strict" : "accuracy"];
    const values = context.rows.map((row) => ({ point: row.point, ...measure.shown(row) }));
    const known = values.flatMap(({ value }) => (value === null ? [] : [value]));
    return { benchmark: context.benchmark, values, mean: known.reduce((sum, value) => sum + value, 0) / known.length };
  });
  const away = lines.flatMap(({ values, mean }) =>
    values.map(({ value }) => (value === null ? 0 : Math.abs(value - mean))),
  );
  const most = Math.max(1, ...away);
  const columns = names.map((name) => {
    const [axis] = first.manifest.axes;
    const point = first.manifest.points.find((one) => one.name === name);
    const place = first.manifest.axes.length === 1 && axis !== undefined ? point?.axes[axis] : undefined;
    return place ?? name;
  });
  const title = strict ? "Strict accuracy" : "Accuracy";
  return [
    {
      name: "benchmarks",
      kind: "benchmarks",
      title: `${title} by benchmark, %`,
      subtitle: `${first.manifest.sweep}; shade: from ${decimal(most)} points below a benchmark's own mean (dark) to as many above`,
      caption: captionOf(first, "Each row against the mean of its points and references."),
      x: cellAxis(first.manifest.axes.length === 1 ? (first.manifest.axes[0] ?? "") : "", columns),
      y: cellAxis(
        "",
        lines.map(({ benchmark }) => benchmark),
      ),
      series: [],
      lines: [],
      tiles: lines.flatMap(({ benchmark, values, mean }, line) =>
        values.flatMap(({ point, value, interval }): Tile[] =>
          value === null
            ? []
            : [
                {
                  ...cellAt(names.indexOf(point), line),
                  name: benchmark,
                  point,
                  fill: { heat: heatOf(value - mean, -most, most) },
                  label: oneDigit(value),
                  value,
                  interval,
                },
              ],
        ),
      ),
    },
  ];
}

function oneDigit(value: number): string {
  return decimal(value);
}

function heatOf(value: number, low: number, high: number): number {
  return high === low ? 0.5 : (value - low) / (high - low);
}

/** A cell has its centre at whole numbers. */
function cellAt(column: number, line: number): Pick<Tile, "left" | "right" | "bottom" | "top"> {
  return { left: column - 0.5, right: column + 0.5, bottom: line - 0.5, top: line + 0.5 };
}

function cellAxis(title: string, names: readonly string[]): Axis {
  const short = shortNames(names, 22);
  const every = Math.ceil(names.length / MOST_LABELS);
  return {
    title,
    min: -0.5,
    max: names.length - 0.5,
    grid: false,
    ticks: names.flatMap((name, value) => (value % every === 0 ? [{ value, label: [short.get(name) ?? name] }] : [])),
  };
}

/** Different texts, numbers by size, anything else as it comes. */
function ordered(texts: readonly string[]): string[] {
  const distinct = [...new Set(texts)];
  const numeric = distinct.every((text) => Number.isFinite(Number(text)));
  return numeric ? distinct.toSorted((a, b) => Number(a) - Number(b)) : distinct;
}

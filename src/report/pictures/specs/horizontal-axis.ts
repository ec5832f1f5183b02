import type { SummaryRow } from "../../../findings/summarize.ts";
import type { Manifest } from "../../../runs/schema.ts";
import { type Axis, withRoom } from "../picture.ts";
import { endNames } from "./end-names.ts";

/** An axis that the points of a sweep stand along. */
export interface PointAxis {
  readonly axis: Axis;
  readonly placeOf: (row: SummaryRow) => number;
  /** The least distance of two neighbours. */
  readonly step: number;
}

/** The first axis: numbers at their places; anything else, or no axis at all, evenly spaced in the order of the points. */
export function horizontalAxis(manifest: Manifest, points: readonly SummaryRow[]): PointAxis {
  const [name] = manifest.axes;
  const textOf = (row: SummaryRow): string => (name === undefined ? row.point : (row.axes[name] ?? row.point));
  const texts = [...new Set(points.map(textOf))];
  const numeric = texts.every((text) => text.trim() !== "" && Number.isFinite(Number(text)));
  const valueOf = (text: string): number => (numeric ? Number(text) : texts.indexOf(text));
  const places = texts.map((text) => ({ text, value: valueOf(text) })).toSorted((a, b) => a.value - b.value);
  const low = places[0]?.value ?? 0;
  const high = places.at(-1)?.value ?? 1;
  const gaps = places.slice(1).map(({ value }, i) => value - (places[i]?.value ?? value));
  const step = gaps.length === 0 ? 1 : Math.min(...gaps);
  const room = high === low ? 1 : (high - low) * 0.04;
  const ends = endNames(manifest);
  const ticks = withRoom(places, (high - low) / 14).map(({ text, value }) => {
    const end = ends.get(value);
    return { value, label: end === undefined ? [text] : [text, `all ${end}`] };
  });
  return {
    axis: { title: name ?? "", min: low - room, max: high + room, ticks },
    placeOf: (row) => valueOf(textOf(row)),
    step,
  };
}

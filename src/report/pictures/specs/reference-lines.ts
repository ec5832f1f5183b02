import type { ReferenceLine } from "../picture.ts";
import { type ChartContext } from "./chart-context.ts";
import { type Measured, NEUTRAL_STYLE, seriesOf, type Unit } from "./chart-rows.ts";
import { endNames } from "./end-names.ts";
import { shortNames } from "./short-names.ts";

const DASHED: readonly number[] = [7, 4];
const DOTTED: readonly number[] = [2, 3];

/**
 * What the points are to be compared with: every reference for each measure, dashed, and the experts at the ends of the axis
 * for the first measure, dotted. A grid has ends in every row of it: there the experts are not drawn.
 */
export function referenceLines(
  { manifest, points, references }: ChartContext,
  measures: readonly Measured[],
  unit: Unit,
): ReferenceLine[] {
  const grid = seriesOf(manifest, points).length > 1;
  const names = shortNames(references.map(({ point }) => point));
  const known = references.flatMap((row) =>
    measures.flatMap((measure, m) => {
      const short = names.get(row.point) ?? row.point;
      // A line has the colour of the series that it is to be compared with; with several series it belongs to none.
      const style = grid ? NEUTRAL_STYLE : m;
      return lineAt(measure.shown(row).value, m > 0 ? `${short}, strict` : short, { style, dash: DASHED, unit });
    }),
  );
  const [first] = measures;
  if (grid || first === undefined) return known;
  const experts = [...endNames(manifest)].flatMap(([end, name]) => {
    const row = points.find(({ axes }) => Number(axes[manifest.axes[0] ?? ""]) === end);
    if (row === undefined) return [];
    return lineAt(first.shown(row).value, name, { style: NEUTRAL_STYLE, dash: DOTTED, unit });
  });
  return [...known, ...experts];
}

function lineAt(
  value: number | null,
  name: string,
  { style, dash, unit }: { style: number; dash: readonly number[]; unit: Unit },
): ReferenceLine[] {
  return value === null ? [] : [{ y: value, label: `${name} ${unit.write(value)}`, style, dash }];
}

import type { SummaryRow } from "../../findings/summarize.ts";
import type { Manifest } from "../../runs/schema.ts";
import type { Measured } from "./chart-rows.ts";
import { NEUTRAL_STYLE, seriesOf, type Unit } from "./chart-rows.ts";
import { endNames, shortened } from "./end-names.ts";
import type { ReferenceLine } from "./picture.ts";

const DASHED: readonly number[] = [7, 4];
const DOTTED: readonly number[] = [2, 3];

/**
 * What the points are to be compared with: every reference for each measure, dashed, and the experts at the ends of the axis
 * for the first measure, dotted. A grid has ends in every row of it: there the experts are not drawn.
 */
export function referenceLines(
  manifest: Manifest,
  rows: readonly SummaryRow[],
  measures: readonly Measured[],
  unit: Unit,
): ReferenceLine[] {
  const points = rows.filter((row) => row.kind === "point");
  const grid = seriesOf(manifest, points).length > 1;
  const references = rows
    .filter((row) => row.kind === "reference")
    .flatMap((row) =>
      measures.flatMap((measure, m) => {
        const name = m > 0 ? `${shortened(row.point)}, strict` : shortened(row.point);
        // A line has the colour of the series that it is to be compared with; with several series it belongs to none.
        return lineAt(measure.shown(row).value, name, { style: grid ? NEUTRAL_STYLE : m, dash: DASHED, unit });
      }),
    );
  const [first] = measures;
  if (grid || first === undefined) return references;
  const experts = [...endNames(manifest)].flatMap(([end, name]) => {
    const row = points.find(({ axes }) => Number(axes[manifest.axes[0] ?? ""]) === end);
    if (row === undefined) return [];
    return lineAt(first.shown(row).value, name, { style: NEUTRAL_STYLE, dash: DOTTED, unit });
  });
  return [...references, ...experts];
}

function lineAt(
  value: number | null,
  name: string,
  { style, dash, unit }: { style: number; dash: readonly number[]; unit: Unit },
): ReferenceLine[] {
  return value === null ? [] : [{ y: value, label: `${name} ${unit.write(value)}`, style, dash }];
}

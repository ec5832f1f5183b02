import { decimal } from "../../findings/numbers.ts";
import type { SummaryRow } from "../../findings/summarize.ts";
import type { Manifest } from "../../runs/schema.ts";
import { groupBy } from "../../stats/mean.ts";
import type { Measured } from "./chart-rows.ts";
import { RATE, scaled, seriesOf, TOKENS, type Unit } from "./chart-rows.ts";
import { frontPicture } from "./front-picture.ts";
import { measurePicture } from "./measure-picture.ts";
import type { Picture } from "./picture.ts";

/** The pictures of one benchmark, and the name of the one that shows them all. */
export interface PictureSet {
  readonly overview: string;
  readonly pictures: readonly Picture[];
}

/** All the pictures of a report: a set for every benchmark. A pure function of the summary. */
export function chartSpecs(manifest: Manifest, rows: readonly SummaryRow[]): PictureSet[] {
  const benchmarks = [...groupBy(rows, (row) => row.benchmark)];
  return benchmarks.map(([benchmark, own]) => {
    const suffix = benchmarks.length > 1 ? `-${benchmark}` : "";
    const pictures = benchmarkPictures(manifest, own);
    return {
      overview: `overview${suffix}`,
      pictures: pictures.map((picture) => ({ ...picture, name: `${picture.name}${suffix}` })),
    };
  });
}

function benchmarkPictures(manifest: Manifest, rows: readonly SummaryRow[]): Picture[] {
  const points = rows.filter((row) => row.kind === "point");
  const several = seriesOf(manifest, points).length > 1;
  const accuracy = { name: "accuracy", shown: (row: SummaryRow) => scaled(row.accuracy) };
  const strict = { name: "strict accuracy (boxed)", shown: (row: SummaryRow) => scaled(row.accuracyStrict) };
  const pictures: Picture[] = [];
  if (points.length > 0) {
    const draw = (name: string, title: string, measures: readonly Measured[], unit: Unit): Picture =>
      measurePicture({ manifest, rows, name, title, measures, unit });
    if (several) {
      pictures.push(
        draw("accuracy", "Accuracy", [accuracy], RATE),
        draw("accuracy-strict", "Strict accuracy (boxed answer only)", [strict], RATE),
      );
    } else pictures.push(draw("accuracy", "Accuracy", [accuracy, strict], RATE));
    pictures.push(
      draw("format", "Format", [{ name: "format", shown: (row) => scaled(row.format) }], RATE),
      draw("tokens", "Length of the completions", [{ name: "mean tokens", shown: (row) => row.tokens }], TOKENS),
    );
  }
  return [...pictures, ...frontPicture(manifest, rows)];
}

/** What a picture shows, in words, for those who do not see it. */
export function describePicture({ title, series }: Picture): string {
  const parts = series
    .filter(({ bare, marks }) => !bare && marks.length > 0)
    .map(({ name, marks }) => {
      const values = marks.map(({ y }) => y);
      return `${name} between ${decimal(Math.min(...values))} and ${decimal(Math.max(...values))}`;
    });
  return `${title}: ${parts.join("; ")}`;
}

import type { Judgement } from "../../../findings/judge.ts";
import { decimal } from "../../../findings/numbers.ts";
import type { StoredRun } from "../../../runs/stored-run.ts";
import type { Picture, PictureKind } from "../picture.ts";
import { barPictures } from "./bar-pictures.ts";
import { type ChartContext, chartContexts } from "./chart-context.ts";
import { measuresOf, RATE, seriesOf, TOKENS } from "./chart-rows.ts";
import { chordPictures } from "./chord-picture.ts";
import { frontPicture } from "./front-picture.ts";
import { benchmarkHeat, gridPictures } from "./heat-pictures.ts";
import { lengthPicture } from "./length-picture.ts";
import { measurePicture } from "./measure-picture.ts";
import { outcomePicture } from "./outcome-picture.ts";

/** Lines that can be told apart in one picture; a grid with more of them is shown as heat maps only. */
const MOST_LINES = 7;

/** All the pictures of a report, and which of them are shown together in one. */
export interface PictureSet {
  readonly pictures: readonly Picture[];
  /** Pictures of pictures: an overview of each benchmark, small multiples of each measure. */
  readonly sheets: readonly Sheet[];
}

/** Several pictures in one. */
interface Sheet {
  readonly name: string;
  readonly kind: PictureKind;
  readonly pictures: readonly Picture[];
}

/** What the overview shows, as far as it is there. */
const OVERVIEW: readonly PictureKind[] = ["accuracy", "format", "tokens", "front"];
/** What is shown for all benchmarks side by side. */
const MULTIPLES: readonly PictureKind[] = ["accuracy", "accuracy-strict", "format", "tokens", "front"];

/**
 * All the pictures of a report, benchmark by benchmark, those of all benchmarks last. A pure function of its judgement.
 *
 * @param digest the first digits of the digest of report.json, for the captions
 */
export function chartSpecs(run: StoredRun, judgement: Judgement, digest: string): PictureSet {
  const contexts = chartContexts(run, judgement, digest);
  const several = contexts.length > 1;
  const suffixOf = ({ benchmark }: Pick<ChartContext, "benchmark">): string => (several ? `-${benchmark}` : "");
  const own = contexts.map((context) => ({
    context,
    pictures: benchmarkPictures(context).map((picture) => ({
      ...picture,
      name: `${picture.name}${suffixOf(context)}`,
    })),
  }));
  const all = own.flatMap(({ pictures }) => pictures);
  const overviews = own.map(
    ({ context, pictures }): Sheet => ({
      name: `overview${suffixOf(context)}`,
      kind: "overview",
      pictures: OVERVIEW.flatMap((kind) => pictures.find((picture) => picture.kind === kind) ?? []),
    }),
  );
  const multiples = MULTIPLES.map(
    (kind): Sheet => ({
      name: `all-${kind}`,
      kind: "multiples",
      pictures: several
        ? all.flatMap((picture) =>
            picture.kind === kind ? [{ ...picture, title: `${picture.benchmark}: ${picture.title}` }] : [],
          )
        : [],
    }),
  );
  return {
    pictures: [...all, ...benchmarkHeat(contexts)],
    sheets: [...overviews, ...multiples].filter(({ pictures }) => pictures.length > 1),
  };
}

function benchmarkPictures(context: ChartContext): Picture[] {
  const { manifest, points } = context;
  if (points.length < 2) return [...barPictures(context), ...frontPicture(context)];
  const { accuracy, accuracy_strict: strict, format, tokens } = measuresOf(context);
  const lines = seriesOf(manifest, points).length;
  const draw = (
    name: PictureKind,
    title: string,
    measures: readonly (typeof accuracy)[],
    unit: typeof RATE,
  ): Picture[] => measurePicture(context, { name, title, measures, unit });
  const measured =
    lines > MOST_LINES
      ? []
      : [
          ...(lines > 1
            ? [
                ...draw("accuracy", "Accuracy", [accuracy], RATE),
                ...draw("accuracy-strict", "Strict accuracy (boxed answer only)", [strict], RATE),
              ]
            : draw("accuracy", "Accuracy", [accuracy, strict], RATE)),
          ...draw("format", "Format", [format], RATE),
          ...draw("tokens", "Length of the completions", [tokens], TOKENS),
        ];
  return [
    ...measured,
    ...frontPicture(context),
    ...chordPictures(context),
    ...outcomePicture(context),
    ...lengthPicture(context),
    ...gridPictures(context),
  ];
}

/** What a picture shows, in words, for those who do not see it. */
export function describePicture({ title, series, tiles = [] }: Picture): string {
  const parts = series
    .filter(({ bare, marks }) => !bare && marks.length > 0)
    .map(({ name, marks }) => `${name} between ${rangeOf(marks.map(({ y }) => y))}`);
  const values = tiles.flatMap(({ value }) => (value === null ? [] : [value]));
  const filled = values.length === 0 ? [] : [`values between ${rangeOf(values)}`];
  return `${title}: ${[...parts, ...filled].join("; ")}`;
}

function rangeOf(values: readonly number[]): string {
  return `${decimal(Math.min(...values))} and ${decimal(Math.max(...values))}`;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../src/base/digest.ts";
import type { RaceMeasure } from "../../src/search/race-plan.ts";
import { projectRoot } from "../../test/helpers/shared.ts";
import type { GridAnswers } from "./replay.ts";

/** The measures that the pocket sweep keeps by default, and what each may lose. */
export const POCKET_MEASURES: readonly RaceMeasure[] = [
  { measure: "accuracy_strict", margin: 0.01 },
  { measure: "format", margin: 0.01 },
];

/** The stored answers of the whole pocket grid, as its committed report has them; questions in an order of chance. */
export function pocketGrid(salt: number): GridAnswers {
  const [header = "", ...lines] = readFileSync(join(projectRoot, "reports/pocket/samples.csv"), "utf8")
    .trim()
    .split("\n");
  const names = header.split(",");
  const place = (name: string): number => names.indexOf(name);
  const rows = lines.map((line) => line.split(",")).filter((row) => row[place("w")] !== "");
  const points = [...new Set(rows.map((row) => row[place("w")] ?? ""))].toSorted((a, b) => Number(a) - Number(b));
  const hashes = new Map(
    rows.map((row) => row[place("sample")] ?? "").map((sample) => [sample, sha256(`${salt} ${sample}`)]),
  );
  const questions = [...hashes.keys()].toSorted((a, b) => ((hashes.get(a) ?? "") < (hashes.get(b) ?? "") ? -1 : 1));
  const column = (point: string, name: string): Float64Array => {
    const own = new Map(
      rows.filter((row) => row[place("w")] === point).map((row) => [row[place("sample")], Number(row[place(name)])]),
    );
    return Float64Array.from(questions, (sample) => own.get(sample) ?? Number.NaN);
  };
  return {
    rates: POCKET_MEASURES.map(({ measure }) => points.map((point) => column(point, measure))),
    tokens: points.map((point) => column(point, "tokens")),
  };
}

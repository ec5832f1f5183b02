import type { ScoreRecord } from "../../runs/schema.ts";
import type { EvaluatedPoint, UnitSource } from "../../runs/stored-run.ts";
import { scoresAt, textsAt } from "../../runs/tables/unit-source.ts";
import { noteScores, type ReadAttempt, readAttempts } from "../page/read-attempts.ts";
import { type SamplesLayout, type SamplesUnit, samplesRows } from "../tables/samples-csv.ts";

/** What a report takes from the records of a unit: plain data, as a thread is given it. */
export interface UnitRequest {
  readonly unit: SamplesUnit;
  readonly layout: SamplesLayout;
  /** Attempts whose texts are wanted, by `attemptKey`. */
  readonly wanted: ReadonlySet<string>;
  readonly source: UnitSource;
}

/** What it has taken. */
export interface UnitReport {
  /** The unit's rows of samples.csv, in pieces, UTF-8. */
  readonly rows: readonly Uint8Array[];
  readonly attempts: ReadonlyMap<string, ReadAttempt>;
}

/** Reads the records of a unit once for all that a report needs of them. They were checked when the run was read. */
export async function reportUnit(
  { unit, layout, wanted }: Omit<UnitRequest, "source">,
  { records, texts }: Pick<EvaluatedPoint, "records" | "texts">,
): Promise<UnitReport> {
  const scores = new Map<string, ScoreRecord>();
  async function* noting(): AsyncGenerator<readonly ScoreRecord[]> {
    for await (const piece of records()) {
      noteScores(piece, wanted, scores);
      yield piece;
    }
  }
  const encoder = new TextEncoder();
  const rows: Uint8Array[] = [];
  for await (const text of samplesRows(layout, unit, noting())) rows.push(encoder.encode(text));
  return { rows, attempts: texts === undefined ? new Map() : await readAttempts(texts(), scores) };
}

/** The same by where the records lie. */
export function reportUnitAt({ source, ...request }: UnitRequest): Promise<UnitReport> {
  return reportUnit(request, { records: () => scoresAt(source, true), texts: () => textsAt(source) });
}

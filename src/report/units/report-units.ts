import { mapInThreads } from "../../base/threads/call-threads.ts";
import { siblingModule } from "../../base/threads/start-thread.ts";
import type { EvaluatedPoint, StoredRun } from "../../runs/stored-run.ts";
import { threadsFor } from "../../runs/tables/unit-source.ts";
import type { AttemptsByPoint, WantedTexts } from "../page/choose-texts.ts";
import { attemptKey, type ReadAttempt } from "../page/read-attempts.ts";
import type { CsvStyle } from "../tables/csv-text.ts";
import { samplesHeader, samplesLayout, samplesUnit } from "../tables/samples-csv.ts";
import { reportUnit, reportUnitAt, type UnitReport, type UnitRequest } from "./unit-report.ts";

const MODULE = siblingModule("./unit-thread", import.meta.url);

/** What a report takes from the records of all units. */
export interface UnitsReport {
  /** samples.csv, in pieces, a point after the other. */
  readonly samplesCsv: AsyncIterable<string | Uint8Array>;
  /** The wanted attempts; there when samplesCsv has been read to its end. */
  readonly attempts: AttemptsByPoint;
}

/** Reads the records of all units once, as samplesCsv is read; of many completions threads begin at once, beside the caller. */
export function reportUnits(run: StoredRun, { chosen }: Pick<WantedTexts, "chosen">, style: CsvStyle): UnitsReport {
  const layout = samplesLayout(run, style);
  const wanted = new Set(chosen.map(attemptKey));
  const places = new Map(run.manifest.points.map(({ name }, place) => [name, place]));
  const requests = run.evaluated
    .toSorted((a, b) => (places.get(a.point.name) ?? 0) - (places.get(b.point.name) ?? 0))
    .map((own) => ({ own, unit: samplesUnit(run, own), layout, wanted }));
  const reports = startReports(requests);
  const attempts = new Map<string, ReadonlyMap<string, ReadAttempt>>();
  async function* samplesCsv(): AsyncGenerator<string | Uint8Array> {
    yield samplesHeader(layout);
    for await (const [{ unit }, report] of reports) {
      attempts.set(unit.point, report.attempts);
      yield* report.rows;
    }
  }
  return { samplesCsv: samplesCsv(), attempts };
}

type Request = Omit<UnitRequest, "source"> & { readonly own: EvaluatedPoint };

function startReports(requests: readonly Request[]): AsyncGenerator<readonly [Pick<UnitRequest, "unit">, UnitReport]> {
  const remote = requests.flatMap(({ own: { source }, ...request }) => (source ? [{ ...request, source }] : []));
  const completions = requests.reduce((sum, { own }) => sum + own.result.attempts, 0);
  const threads = threadsFor(completions, { beside: true });
  if (remote.length === requests.length && threads > 0)
    return mapInThreads({ call: reportUnitAt, module: MODULE }, remote, threads);
  const call = ({ own, ...request }: Request): Promise<UnitReport> => reportUnit(request, own);
  return mapInThreads({ call, module: MODULE }, requests, 0);
}

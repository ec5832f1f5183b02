import type { CommandModule } from "yargs";
import { countOf } from "../../base/count-of.ts";
import { type SummaryRow, summarize } from "../../findings/summarize.ts";
import { alignedText, summaryTable } from "../../report/tables/summary-table.ts";
import { readLock } from "../../runs/lock.ts";
import type { RunProgress } from "../../runs/progress.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { readProgress, unitStore } from "../../runs/run-store.ts";
import { completionsPerPoint, type Manifest } from "../../runs/schema.ts";
import { LiveRun } from "../../sweep/run/live-run.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { describeSpeed, formatSeconds } from "../progress.ts";

/** `mergesweep status RUN`: how far a run is, also while another process works on it. */
export function statusCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(
          named({
            scores: {
              type: "boolean",
              description: "Score the questions that are answered so far, too; takes a while for large runs",
            } as const,
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      const status = await readStatus(args.run);
      const rows = args.scores === true ? summarize(await new LiveRun(args.run).read()) : null;
      if (args.json === true) terminal.out(JSON.stringify({ ...status, scores: rows?.map(scoresOf) ?? null }, null, 2));
      else terminal.out(`${describe(status)}${rows === null ? "" : `\n\n${describeScores(rows)}`}`);
    },
  });
}

interface PointStatus {
  readonly point: string;
  readonly state: "done" | "working" | "begun" | "failed" | "waiting";
  readonly answered: number;
  readonly total: number;
}

interface RunStatus {
  readonly sweep: string;
  readonly points: readonly PointStatus[];
  readonly samples_done: number;
  readonly samples_total: number;
  /** Who holds the run, dead or alive. */
  readonly lock: { readonly pid: number; readonly host: string; readonly alive: boolean } | null;
  /** As the living holder last said. */
  readonly progress: RunProgress | null;
}

async function readStatus(run: string): Promise<RunStatus> {
  const manifest = await readManifest(run);
  const lock = (await readLock(run)) ?? null;
  const progress = (lock?.alive === true ? await readProgress(run) : undefined) ?? null;
  const working = new Set(progress?.working.map(({ point }) => point));
  const points = await Promise.all(manifest.points.map((point) => readPoint(run, manifest, point, working)));
  return {
    sweep: manifest.sweep,
    points,
    samples_done: points.reduce((sum, { answered }) => sum + answered, 0),
    samples_total: points.reduce((sum, { total }) => sum + total, 0),
    lock,
    progress,
  };
}

async function readPoint(
  run: string,
  manifest: Manifest,
  { name, unit }: Manifest["points"][number],
  working: ReadonlySet<string>,
): Promise<PointStatus> {
  const store = unitStore(run, unit);
  const total = completionsPerPoint(manifest);
  const result = await store.result();
  if (result !== undefined) {
    const own = manifest.ragged === true ? result.attempts : total;
    return { point: name, state: "done", answered: own, total: own };
  }
  // Lines alone: parsing a million completions takes much longer.
  const answered = Math.min(total, await store.lineCount());
  const failed = (await store.failure()) !== undefined;
  const state = working.has(name) ? "working" : failed ? "failed" : answered === 0 ? "waiting" : "begun";
  return { point: name, state, answered, total };
}

function describe({ sweep, points, samples_done, samples_total, lock, progress }: RunStatus): string {
  const done = points.filter(({ state }) => state === "done").length;
  const width = Math.max(...points.map(({ point }) => point.length));
  const speed = progress === null ? "" : `, ${describeSpeed(progress)}`;
  const speeds = new Map(
    progress?.working.map(({ point, tokens_per_second, processes }) => [
      point,
      `  ${Math.round(tokens_per_second)} tokens/s in ${countOf(processes, "process", "processes")}`,
    ]),
  );
  return [
    `${sweep}: ${done} of ${countOf(points.length, "point")} done, ${samples_done} of ${countOf(samples_total, "sample")}${speed}`,
    describeHolder(lock, progress),
    ...points.map(
      ({ point, state, answered, total }) =>
        `  ${point.padEnd(width)}  ${state.padEnd(7)}  ${answered}/${total}${speeds.get(point) ?? ""}`,
    ),
  ].join("\n");
}

/** What of a row there is while a run goes on. */
function scoresOf(row: SummaryRow): Record<string, unknown> {
  const { point, benchmark, samples, accuracy, accuracyStrict, format, tokens } = row;
  return {
    point,
    benchmark,
    questions: samples,
    accuracy: accuracy.value,
    accuracy_strict: accuracyStrict.value,
    format: format.value,
    tokens_mean: tokens.value,
  };
}

function describeScores(rows: readonly SummaryRow[]): string {
  if (rows.length === 0) return "No question has all of its answers yet.";
  const table = summaryTable(rows);
  const text = alignedText({
    ...table,
    header: [...table.header, "questions"],
    rows: table.rows.map((cells, i) => [...cells, String(rows[i]?.samples ?? "")]),
  });
  return `Of the questions that have all of their answers:\n${text.trimEnd()}`;
}

function describeHolder(lock: RunStatus["lock"], progress: RunProgress | null): string {
  if (lock === null) return "Nobody works on it.";
  const who = `process ${lock.pid} on ${lock.host}`;
  if (!lock.alive) return `Nobody works on it: ${who} ended without giving back its lock; the next run takes it over.`;
  if (progress === null) return `At work: ${who}.`;
  return `At work: ${who}, ${countOf(progress.workers, "worker")}, since ${formatSeconds(progress.seconds)}.`;
}

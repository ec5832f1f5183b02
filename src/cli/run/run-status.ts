import { countOf } from "../../base/count-of.ts";
import { readWorkers, secondsLeft, type WorkerState } from "../../runs/leases/read-workers.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { unitStore } from "../../runs/run-store.ts";
import { completionsPerPoint, type Manifest } from "../../runs/schema.ts";
import { describeSpeed, formatSeconds } from "../progress.ts";

interface PointStatus {
  readonly point: string;
  readonly state: "done" | "working" | "begun" | "failed" | "waiting";
  readonly answered: number;
  readonly total: number;
}

export interface RunStatus {
  readonly sweep: string;
  readonly points: readonly PointStatus[];
  readonly samples_done: number;
  readonly samples_total: number;
  /** Of all workers that say theirs. */
  readonly tokens_per_second: number;
  readonly seconds_left: number | null;
  /** Dead or alive. */
  readonly workers: readonly WorkerState[];
}

/** Units that are read at the same time. */
const AT_ONCE = 32;

/** Reads how far a run is; completions of unfinished points are counted, not read. */
export async function readStatus(run: string): Promise<RunStatus> {
  const manifest = await readManifest(run);
  const workers = await readWorkers(run);
  const working = new Set(workers.flatMap(({ progress }) => progress?.working ?? []).map(({ point }) => point));
  const points: PointStatus[] = [];
  for (let from = 0; from < manifest.points.length; from += AT_ONCE) {
    const some = manifest.points.slice(from, from + AT_ONCE);
    points.push(...(await Promise.all(some.map((point) => readPoint(run, manifest, point, working)))));
  }
  const done = points.reduce((sum, { answered }) => sum + answered, 0);
  const all = points.reduce((sum, { total }) => sum + total, 0);
  return {
    sweep: manifest.sweep,
    points,
    samples_done: done,
    samples_total: all,
    tokens_per_second: workers.reduce((sum, { progress }) => sum + (progress?.tokens_per_second ?? 0), 0),
    seconds_left: secondsLeft(workers, all - done),
    workers,
  };
}

async function readPoint(
  run: string,
  manifest: Manifest,
  { name, unit }: Manifest["points"][number],
  working: ReadonlySet<string>,
): Promise<PointStatus> {
  const store = unitStore(run, unit);
  const result = await store.result();
  if (result !== undefined) {
    // Points that were asked different problems are complete by their own count.
    const own = manifest.ragged === true ? result.attempts : completionsPerPoint(manifest);
    return { point: name, state: "done", answered: own, total: own };
  }
  const total = completionsPerPoint(manifest);
  // Lines alone: reading a million completions would take a minute.
  const answered = Math.min(total, await store.lineCount());
  const failed = (await store.failure()) !== undefined;
  const state = working.has(name) ? "working" : failed ? "failed" : answered === 0 ? "waiting" : "begun";
  return { point: name, state, answered, total };
}

/** As a person reads it. */
export function describeStatus(status: RunStatus): string {
  const { sweep, points, samples_done, samples_total, workers } = status;
  const done = points.filter(({ state }) => state === "done").length;
  const width = Math.max(...points.map(({ point }) => point.length));
  const speaks = workers.some(({ progress }) => progress !== null);
  const speed = speaks ? `, ${describeSpeed(status)}` : "";
  const speeds = new Map<string, { tokens: number; processes: number }>();
  for (const { point, tokens_per_second, processes } of workers.flatMap(({ progress }) => progress?.working ?? [])) {
    const before = speeds.get(point) ?? { tokens: 0, processes: 0 };
    speeds.set(point, { tokens: before.tokens + tokens_per_second, processes: before.processes + processes });
  }
  const at = (point: string): string => {
    const found = speeds.get(point);
    if (found === undefined) return "";
    return `  ${Math.round(found.tokens)} tokens/s in ${countOf(found.processes, "process", "processes")}`;
  };
  return [
    `${sweep}: ${done} of ${countOf(points.length, "point")} done, ${samples_done} of ${countOf(samples_total, "sample")}${speed}`,
    ...(workers.length === 0 ? ["No worker is running."] : workers.map(describeWorker)),
    ...points.map(
      ({ point, state, answered, total }) =>
        `  ${point.padEnd(width)}  ${state.padEnd(7)}  ${answered}/${total}${at(point)}`,
    ),
  ].join("\n");
}

function describeWorker({
  host,
  pid,
  job,
  purpose,
  state,
  seconds_since_beat: seconds,
  leases,
  progress,
}: WorkerState): string {
  const who = `process ${pid} on ${host}${job === "" ? "" : `, job ${job}`}`;
  const held = countOf(leases.length, "lease");
  if (state === "gone") return `Gone: ${who}, without giving back ${held}; the next worker takes over.`;
  if (state === "silent")
    return `Silent for about ${formatSeconds(seconds)}: ${who}, ${held}; the next worker takes over.`;
  if (purpose !== "worker") return `At work: ${who}, for ${purpose}.`;
  if (progress === null) return `At work: ${who}, ${held}.`;
  const { workers, seconds: since } = progress;
  return `At work: ${who}, ${countOf(workers, "worker")}, since ${formatSeconds(since)}, ${held}.`;
}

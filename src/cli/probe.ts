import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkError } from "../base/errors.ts";
import type { SampleRecord } from "../runs/schema.ts";
import type { SweepFile } from "../sweep/file/config.ts";
import { type EarlierRun, modelsOf, runtimeOf } from "../sweep/plan/earlier-runs.ts";
import { type PlanOverrides, planSweep, type SweepPlan } from "../sweep/plan/plan.ts";
import { runSweep } from "../sweep/run/run-sweep.ts";
import { planWorkers, runtimeStarter } from "../sweep/run/sweep-options.ts";
import type { CliContext } from "./context.ts";
import { downloads } from "./show-downloads.ts";

/** How long a probe generates at the most, in milliseconds. */
const LONGEST = 60_000;
/** Problems of each benchmark that a probe asks. */
const PROBLEMS = 8;
/** Answers are cut off here: speed shows in less than whole answers. */
const MOST_TOKENS = 256;

/**
 * Makes the first point of a sweep in a temporary folder and lets it answer a few problems, for a minute at the most. It tells
 * the speed, and the lengths of benchmarks of which no answer was cut off.
 *
 * @throws whatever running the point throws
 */
export async function probeSweep(
  context: CliContext,
  sweep: SweepFile,
  overrides: PlanOverrides,
  maxTokens: number | null,
): Promise<EarlierRun> {
  const limit = Math.min(PROBLEMS, overrides.limit ?? PROBLEMS);
  const most = Math.min(MOST_TOKENS, maxTokens ?? MOST_TOKENS);
  const generation = { ...overrides.generation, attempts: 1, max_tokens: most };
  const plan = await planSweep(sweep, { ...overrides, limit, generation }, { downloads: downloads(context) });
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-probe-"));
  try {
    const { records, seconds } = await runProbe(context, firstUnit(plan), join(folder, "run"));
    return {
      folder: "a probe",
      models: modelsOf(plan.manifest.plan),
      maxTokens,
      ggufType: plan.ggufType,
      runtime: runtimeOf(plan.manifest.plan),
      lengths: wholeLengths(records),
      tokensPerSecond: seconds === 0 ? undefined : total(records) / seconds,
    };
  } finally {
    await plan.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function firstUnit(plan: SweepPlan): SweepPlan {
  const { units, manifest } = plan;
  return { ...plan, units: units.slice(0, 1), manifest: { ...manifest, points: manifest.points.slice(0, 1) } };
}

async function runProbe(
  context: CliContext,
  plan: SweepPlan,
  out: string,
): Promise<{ readonly records: readonly SampleRecord[]; readonly seconds: number }> {
  const { workers } = planWorkers(plan, { cores: context.cores });
  const records: SampleRecord[] = [];
  let [first, last] = [0, 0];
  const timeout = AbortSignal.timeout(LONGEST);
  try {
    const { failed } = await runSweep(plan, {
      out,
      workers,
      createRuntime: runtimeStarter(plan, { workers, start: context.createRuntime }),
      signal: AbortSignal.any([context.signal, timeout]),
      onEvent: (event) => {
        if (event.kind === "unit-started") first = performance.now();
        if (event.kind !== "completion") return;
        records.push(event.record);
        last = performance.now();
        context.terminal.status(`probe: ${records.length} answers`);
      },
    });
    const [failure] = failed;
    if (failure !== undefined) throw new WorkError(`The probe of ${failure.point} failed: ${failure.message}`);
  } catch (error) {
    // A minute is enough, whatever is left.
    if (context.signal.aborted || !timeout.aborted) throw error;
  }
  return { records, seconds: Math.max(0, last - first) / 1000 };
}

function total(records: readonly SampleRecord[]): number {
  return records.reduce((sum, { completion_tokens: tokens }) => sum + (tokens ?? 0), 0);
}

/** Mean lengths, by benchmark; of those alone whose answers all came to their end. */
function wholeLengths(records: readonly SampleRecord[]): Record<string, number> {
  const benchmarks = [...new Set(records.map(({ benchmark }) => benchmark))];
  return Object.fromEntries(
    benchmarks.flatMap((benchmark) => {
      const own = records.filter((record) => record.benchmark === benchmark);
      return own.every(({ finish_reason: reason }) => reason === "stop") ? [[benchmark, total(own) / own.length]] : [];
    }),
  );
}

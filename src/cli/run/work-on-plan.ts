import { countOf } from "../../base/count-of.ts";
import { UsageError } from "../../base/errors.ts";
import { completionsPerPoint } from "../../runs/schema.ts";
import type { RunSetup } from "../../runs/setup.ts";
import { runSearch } from "../../search/run-search.ts";
import type { SearchInput } from "../../sweep/file/search-config.ts";
import type { SweepPlan } from "../../sweep/plan/plan.ts";
import { runSweep } from "../../sweep/run/run-sweep.ts";
import { planWorkers, runtimeStarter, type SweepOptions, type SweepOutcome } from "../../sweep/run/sweep-options.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { WorkFlagValues } from "../flags/execution-flags.ts";
import { showProgress } from "../progress.ts";

/** What is to be done of a plan. */
export interface Work {
  /** Kept in the store for workers that come later. */
  readonly setup?: RunSetup | undefined;
  /** The whole grid if left out. */
  readonly search?: SearchInput | undefined;
}

/** Works on a plan until nothing is left, beside other workers if there are any, and shows how it goes. */
export async function workOnPlan(
  context: CliContext,
  plan: SweepPlan,
  flags: WorkFlagValues,
  { setup, search }: Work = {},
): Promise<SweepOutcome> {
  const { terminal } = context;
  const devices = devicesFor(plan, flags.devices, context.gpus);
  const chosen = planWorkers(plan, { cores: context.cores, devices });
  const workers = flags.workers ?? chosen.workers;
  if (flags.workers === undefined && chosen.why !== "") {
    terminal.note(`${countOf(workers, "process", "processes")} ${chosen.why}`);
  }
  const attempts = completionsPerPoint(plan.manifest);
  terminal.note(
    `${countOf(plan.units.length, "point")} x ${countOf(attempts, "completion")}, ${workers} at a time -> ${plan.store}`,
  );
  const options: SweepOptions = {
    setup,
    workers,
    createRuntime: runtimeStarter(plan, {
      workers,
      devices,
      hangSeconds: flags.hangSeconds,
      batchTokens: flags.batchSize,
      start: context.createRuntime,
    }),
    sequences: flags.sequences,
    keepGguf: flags.keepGguf,
    cacheLimit: flags.cacheLimit,
    mixedHardware: flags.mixedHardware,
    leaseSeconds: flags.leaseSeconds,
    signal: context.signal,
    drain: context.drain,
    again: flags.again,
    onEvent: showProgress(terminal, (unit) => unit.replace(/^\d+-/, "")),
  };
  try {
    return search === undefined
      ? await runSweep(plan, options)
      : await runSearch(plan, search, options, (points, questions) =>
          terminal.note(`Search: ${countOf(questions, "question")} more at ${countOf(points, "point")}`),
        );
  } catch (error) {
    if (context.signal.aborted) terminal.error(`Saved in ${plan.store}. Continue with: ${context.commandLine}`);
    throw error;
  }
}

/** Names the points that failed, or that are left because the worker was asked to end, and sets the exit code. */
export function sayUnfinished(context: CliContext, plan: SweepPlan, { failed, left }: SweepOutcome): void {
  if (left > 0) {
    context.terminal.error(
      `Ended as asked; ${countOf(left, "point is", "points are")} not done. Continue with: ${context.commandLine}`,
    );
    context.setExitCode(EXIT.left);
  }
  if (failed.length === 0) return;
  const names = failed.map(({ point }) => point).join(", ");
  context.terminal.error(
    `${failed.length} of ${countOf(plan.units.length, "point")} failed: ${names}. The same command tries them again.`,
  );
  context.setExitCode(EXIT.failed);
}

/** @throws UsageError for devices that are no numbers, or of a run without a GPU */
function devicesFor(
  { engine, server }: SweepPlan,
  devices: readonly string[] = [],
  given: readonly string[] = [],
): readonly string[] {
  const usesGpu = engine.gpu === "auto" && server === undefined;
  // Of one alone the environment says enough.
  if (devices.length === 0) return usesGpu && given.length > 1 ? given : [];
  const wrong = devices.find((device) => !/^\d+$/.test(device));
  if (wrong !== undefined) throw new UsageError(`--devices: expected numbers of GPUs such as 0,1, found ${wrong}`);
  if (usesGpu) return devices;
  throw new UsageError("--devices: expected --gpu with it, found a run on the CPU or on a server");
}

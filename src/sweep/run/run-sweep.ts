import { digestOf } from "../../base/digest.ts";
import { ConfigError } from "../../base/errors.ts";
import { problemRecords } from "../../eval/problem-records.ts";
import type { RunProgress } from "../../runs/leases/progress.ts";
import { openRunStore, type RunStore, writeProblems } from "../../runs/run-store.ts";
import type { SweepPlan } from "../plan/plan.ts";
import { RunningSweep } from "./running-sweep.ts";
import { askedDigest } from "./stored-completions.ts";
import { StoredUnits } from "./stored-units.ts";
import { type SetDownOptions, type SweepOptions, type SweepOutcome, settleOptions } from "./sweep-options.ts";

/**
 * Works on a run as one of its workers, until every unit is done or has failed: takes units that nobody is on, and shares those
 * that others are on. A unit that fails is reported and costs no other; a runtime that dies is replaced and the unit tried once
 * more. An engine that dies twice while it starts leaves its work to the others.
 *
 * @throws StoreError if the store has another use or plan; DiskFullError; LeasesLost; `signal.reason` if interrupted. Everything
 *   answered before is saved.
 */
export async function runSweep(plan: SweepPlan, given: SweepOptions = {}): Promise<SweepOutcome> {
  const options = settleOptions(plan, given);
  const store = await open(plan, options);
  const sweep = new RunningSweep(plan, store, options);
  try {
    await prepare(plan, store, options);
    return await sweep.run();
  } finally {
    await sweep.dispose();
    await store.close();
  }
}

/** Sets a run down in its store, for workers to come. @throws as `runSweep` does */
export async function setDown(plan: SweepPlan, options: SetDownOptions = {}): Promise<void> {
  const store = await open(plan, options);
  try {
    await prepare(plan, store, options);
  } finally {
    await store.close();
  }
}

function open(plan: SweepPlan, options: SetDownOptions): Promise<RunStore> {
  const { manifest, trial } = plan;
  const { out = plan.store, setup, leaseSeconds, signal, onEvent } = options;
  const { asked = askedDigest(plan.benchmarks) } = options;
  return openRunStore(out, manifest, {
    trial,
    asked: digestOf([asked, manifest.scoring]),
    leaseSeconds,
    setup,
    signal,
    onWait: (message) => onEvent?.({ kind: "waiting", message }, noProgress),
  });
}

async function prepare(plan: SweepPlan, store: RunStore, { again = [], onEvent }: SetDownOptions): Promise<void> {
  if (again.length > 0) {
    if (!store.alone) {
      throw new ConfigError(`--again: others work on ${store.folder}`, {
        hint: "Wait until they end, or stop them; their finished work is kept.",
      });
    }
    await new StoredUnits(plan, store, (event) => onEvent?.(event, noProgress)).setAside(again);
  }
  await store.leases.exclusively("problems", () => writeProblems(store.folder, problemRecords(plan.benchmarks)));
}

/** Before anything has begun. */
function noProgress(): RunProgress {
  return {
    workers: 1,
    seconds: 0,
    points_done: 0,
    points_total: 0,
    samples_done: 0,
    samples_total: 0,
    tokens_per_second: 0,
    seconds_left: null,
    working: [],
  };
}

import { join } from "node:path";
import PQueue from "p-queue";
import { DiskFullError } from "../../../base/errors.ts";
import type { EngineDied, ModelRuntime } from "../../../models/runtime.ts";
import { DAMAGED_FILE } from "../../../runs/completions/completion-files.ts";
import { OtherBuild } from "../../../runs/leases/open-unit.ts";
import { LeasesLost } from "../../../runs/leases/worker-leases.ts";
import type { RunStore } from "../../../runs/run-store.ts";
import type { OpenedAs } from "../../../runs/unit-store.ts";
import { type PlannedUnit, type SweepPlan, unitBytes } from "../../plan/plan.ts";
import { chooseGgufFolder } from "../gguf-folder.ts";
import { keepWeights, type MaterialisedWeights, materialise, resultOf } from "../materialise.ts";
import type { StoredUnits } from "../stored-units.ts";
import type { SweepEvent } from "../sweep-event.ts";
import type { SettledOptions } from "../sweep-options.ts";
import { type InputFiles, unitIdentity } from "../unit-identity.ts";
import { type Registered, refuseOtherBuild, registerUnit, UnitOwners, writeTwin } from "./register-unit.ts";
import { UnitInProgress } from "./unit-in-progress.ts";
import type { UnitOutcomes } from "./unit-outcomes.ts";
import type { UnitQueue } from "./unit-queue.ts";

/** What units are run with. */
interface RunnerContext {
  readonly plan: SweepPlan;
  readonly store: RunStore;
  readonly stored: StoredUnits;
  readonly queue: UnitQueue;
  readonly outcomes: UnitOutcomes;
  readonly files: InputFiles;
  readonly options: SettledOptions;
  readonly signal: AbortSignal;
  readonly report: (event: SweepEvent) => void;
  /** Told when a unit begins to be evaluated, or has attempts given back. */
  readonly onChange: () => void;
}

type Known = Parameters<typeof resultOf>[1];

/** Makes the weights of units and has their questions answered, in this process. */
export class UnitRunner {
  readonly #context: RunnerContext;
  readonly #owners: UnitOwners;
  readonly #inProgress = new Map<string, UnitInProgress>();
  /**
   * One merge at a time, in the plan's order: merging is bound by the disk, and which of two equal merges counts as the first
   * must not depend on timing.
   */
  readonly #merging = new PQueue({ concurrency: 1 });
  #folder: Promise<string> | undefined;

  constructor(context: RunnerContext) {
    this.#context = context;
    this.#owners = new UnitOwners(context.store);
  }

  /** Those that are being evaluated, by point. */
  get inProgress(): ReadonlyMap<string, UnitInProgress> {
    return this.#inProgress;
  }

  /** Chosen once, by the size of the first merge: all merges of a sweep are of one size, or nearly. */
  ggufFolder(unit: PlannedUnit): Promise<string> {
    const { plan, options } = this.#context;
    const files = Math.min(options.workers, plan.units.length);
    this.#folder ??= chooseGgufFolder(unitBytes(unit, plan.ggufType), files, options.cacheLimit);
    return this.#folder;
  }

  /** Does what is left of a unit; others may be on it as well. What goes wrong with it is noted; only what ends all is thrown. */
  async run(unit: PlannedUnit, runtime: ModelRuntime): Promise<void> {
    const { plan, store, stored, queue, outcomes, files, options, signal } = this.#context;
    const { mixedHardware, keepGguf } = options;
    const own = stored.folderOf(unit);
    let weights: MaterialisedWeights | undefined;
    try {
      await refuseOtherBuild(own, store, runtime.build, mixedHardware);
      weights = await this.#merging.add(async () => {
        signal.throwIfAborted();
        return materialise(unit, plan, await this.ggufFolder(unit), signal);
      });
      const built = { weights: weights.weightsSha256, runtime: runtime.build };
      const identity = await unitIdentity(unit, plan, built, await files.of(unit));
      const known = { ...built, identity: identity.identity };
      if (keepGguf !== undefined) await keepWeights(weights, unit, keepGguf);
      const place = await registerUnit(unit, identity, known, {
        plan,
        store,
        stored,
        owners: this.#owners,
        mixedHardware,
      });
      await queue.release(unit);
      if (place.kind === "file") {
        if (!(await this.#evaluate(unit, place, weights, { identity, known }, runtime))) return;
        if (place.owner !== own) await writeTwin(own, place.owner, { as: identity, known, plan, store });
      }
      queue.remove(unit);
      outcomes.addDone(unit, place.owner === own ? null : place.owner, false);
    } catch (error) {
      if (signal.aborted || error instanceof DiskFullError || error instanceof LeasesLost) throw error;
      if (error instanceof OtherBuild && (await queue.leave(unit))) {
        this.#context.report({ kind: "unit-left", point: unit.point.name, message: error.message });
        return;
      }
      queue.remove(unit);
      await outcomes.addFailure(unit, error);
    } finally {
      await weights?.discard();
    }
  }

  /** @returns whether the unit is done; else others are still on it */
  async #evaluate(
    unit: PlannedUnit,
    place: Extract<Registered, { kind: "file" }>,
    weights: MaterialisedWeights,
    { identity, known }: { readonly identity: OpenedAs; readonly known: Known },
    runtime: ModelRuntime,
  ): Promise<boolean> {
    const { plan, store, outcomes, options, signal, report, onChange } = this.#context;
    const point = unit.point.name;
    const progress = await UnitInProgress.begin({
      unit,
      plan,
      store,
      place,
      weights,
      identity,
      sequences: options.sequences,
      signal,
      onCompletion: (record) => report({ kind: "completion", point, record }),
      onOthers: (records) => report({ kind: "completions-elsewhere", point, records }),
      onCrash: (death: EngineDied) => {
        outcomes.addDeath(point, death);
        onChange();
      },
    });
    try {
      const [damaged] = progress.setAside;
      if (damaged !== undefined) {
        const file = join(store.folder, "units", place.owner, DAMAGED_FILE);
        report({ kind: "lines-set-aside", point, lines: progress.setAside.length, file });
      }
      report({ kind: "unit-started", point, stored: progress.stored });
      this.#inProgress.set(point, progress);
      onChange();
      await progress.contribute(runtime);
      const answers = await progress.finish();
      if (answers === undefined) return false;
      await store.leases.check();
      await store.unit(place.owner).writeResult(resultOf(place.owner, known, plan, { ...answers, same_as: null }));
      return true;
    } finally {
      this.#inProgress.delete(point);
      await progress.close();
    }
  }
}

import { EventEmitter, once, setMaxListeners } from "node:events";
import { join } from "node:path";
import PQueue from "p-queue";
import { DiskFullError, explanationOf } from "../../base/errors.ts";
import { problemRecords } from "../../eval/problem-records.ts";
import { EngineDied, type ModelRuntime } from "../../models/runtime.ts";
import { DAMAGED_FILE } from "../../runs/completions/completion-files.ts";
import { openRunStore, type RunStore, writeProblems } from "../../runs/run-store.ts";
import { completionsPerPoint, type UnitAnswers } from "../../runs/schema.ts";
import type { OpenedAs } from "../../runs/unit-store.ts";
import { type PlannedUnit, type SweepPlan, unitBytes } from "../plan/plan.ts";
import { checkInputs } from "./check-inputs.ts";
import { chooseGgufFolder } from "./gguf-folder.ts";
import { keepWeights, type MaterialisedWeights, materialise, resultOf } from "./materialise.ts";
import { StoredUnits } from "./stored-units.ts";
import type { SweepEvent } from "./sweep-event.ts";
import { type SettledOptions, type SweepOptions, settleOptions } from "./sweep-options.ts";
import { SweepReporter } from "./sweep-reporter.ts";
import { InputFiles, unitIdentity } from "./unit-identity.ts";
import { UnitInProgress } from "./unit-in-progress.ts";

/** What became of a sweep. */
export interface SweepOutcome {
  /** Points that have a result now, those of earlier runs included. */
  readonly done: number;
  /** Points that were tried in vain; the same plan tries them again. */
  readonly failed: readonly { readonly point: string; readonly message: string }[];
}

/**
 * Runs every unit that is not done yet. A unit that fails is reported and costs no other; a runtime that dies is replaced
 * and the unit tried once more. A worker whose runtime dies twice while it starts leaves its work to the others.
 *
 * @throws StoreError if the store is in use or has another plan; DiskFullError; `signal.reason` if interrupted. Everything
 *   answered before is saved.
 */
export async function runSweep(plan: SweepPlan, given: SweepOptions = {}): Promise<SweepOutcome> {
  const options = settleOptions(plan, given);
  const store = await openRunStore(options.out, plan.manifest, { trial: plan.trial });
  const sweep = new RunningSweep(plan, store, options);
  try {
    await writeProblems(options.out, problemRecords(plan.benchmarks));
    return await sweep.run();
  } finally {
    await sweep.dispose();
    await store.close();
  }
}

class RunningSweep {
  readonly #plan: SweepPlan;
  readonly #store: RunStore;
  readonly #stored: StoredUnits;
  readonly #options: SettledOptions;
  readonly #pending: PlannedUnit[] = [];
  readonly #inProgress = new Map<string, UnitInProgress>();
  /** Units that a worker has taken and not finished, whether being merged or evaluated. */
  #taken = 0;
  /** Workers that have an engine, or may get one. */
  #workers: number;
  /** What engines died of that were replaced, by point. */
  readonly #deaths = new Map<string, string[]>();
  /** Rings when a unit begins, ends, or has attempts given back. */
  readonly #bell = new EventEmitter();
  readonly #failed: { point: string; message: string }[] = [];
  #done = 0;
  /** Which unit evaluates a set of weights: the first in the plan's order that has them. */
  #owners = new Map<string, string>();
  /**
   * One merge at a time, in the plan's order: merging is bound by the disk, and which of two equal merges counts as the first
   * must not depend on timing.
   */
  readonly #merging = new PQueue({ concurrency: 1 });
  readonly #runtimes: ModelRuntime[] = [];
  #folder: Promise<string> | undefined;
  /** What no unit can go on with: a full disk, a bug. */
  readonly #halt = new AbortController();
  readonly #signal: AbortSignal;
  readonly #files = new InputFiles();
  readonly #reporter: SweepReporter;

  constructor(plan: SweepPlan, store: RunStore, options: SettledOptions) {
    this.#plan = plan;
    this.#store = store;
    this.#stored = new StoredUnits(plan, store, (event) => this.#report(event));
    this.#options = options;
    this.#workers = options.workers;
    this.#signal = AbortSignal.any([options.signal, this.#halt.signal]);
    // Every unit and every sample under way listens for the abort: many listeners are no leak here.
    setMaxListeners(0, options.signal, this.#signal);
    this.#bell.setMaxListeners(0);
    this.#reporter = new SweepReporter(plan.manifest, options.workers, store, {
      onEvent: options.onEvent,
      processesOf: (point) => this.#inProgress.get(point)?.contributors ?? 0,
    });
  }

  #report(event: SweepEvent): void {
    this.#reporter.report(event);
  }

  async run(): Promise<SweepOutcome> {
    await this.#stored.setAside(this.#options.again ?? []);
    await checkInputs(this.#plan, this.#store, this.#files, {
      signal: this.#signal,
      onCheck: (point) => this.#report({ kind: "inputs-compared", point }),
    });
    await this.#skipFinished();
    // What has no room is said before anything is made.
    const [first] = this.#pending;
    if (first !== undefined && (this.#plan.server?.weights ?? "gguf") === "gguf") await this.#ggufFolder(first);
    await Promise.all(
      Array.from({ length: this.#options.workers }, async () => {
        try {
          await this.#work();
        } catch (error) {
          this.#halt.abort(error);
        }
      }),
    );
    this.#options.signal.throwIfAborted();
    this.#halt.signal.throwIfAborted();
    return { done: this.#done, failed: this.#failed };
  }

  async dispose(): Promise<void> {
    await this.#reporter.stop();
    await Promise.all(this.#runtimes.map((runtime) => runtime[Symbol.asyncDispose]()));
  }

  async #skipFinished(): Promise<void> {
    this.#owners = await this.#stored.owners();
    for (const unit of this.#plan.units) {
      const result = await this.#stored.finished(unit);
      if (result === undefined) this.#pending.push(unit);
      else this.#reportDone(unit, result.same_as, true);
    }
  }

  /** A worker's life: a unit of its own while there are any; then a share of those that others are on. */
  async #work(): Promise<void> {
    let runtime: ModelRuntime | undefined;
    const ready = async (point: string): Promise<ModelRuntime> => (runtime ??= await this.#createRuntime(point));
    while (!this.#signal.aborted) {
      const unit = this.#pending.shift();
      if (unit !== undefined) {
        if (await this.#take(unit, ready)) continue;
        return;
      }
      const shared = [...this.#inProgress].find(([, { wantsHelp }]) => wantsHelp);
      if (shared !== undefined) {
        const [point, progress] = shared;
        try {
          await progress.contribute(await ready(point));
        } catch (error) {
          if (this.#retire(error)) return;
          throw error;
        }
      } else if (this.#taken === 0) return;
      else await once(this.#bell, "change");
    }
  }

  /** @returns false if the worker has no engine, and has left the unit to the others */
  async #take(unit: PlannedUnit, ready: (point: string) => Promise<ModelRuntime>): Promise<boolean> {
    this.#taken++;
    try {
      await this.#runUnit(unit, await ready(unit.point.name));
      return true;
    } catch (error) {
      if (this.#retire(error)) {
        this.#pending.unshift(unit);
        return false;
      }
      if (!(error instanceof EngineDied) || this.#signal.aborted) throw error;
      await this.#reportFailure(unit, error);
      return true;
    } finally {
      this.#taken--;
      this.#bell.emit("change");
    }
  }

  /** Lets a worker go whose engine does not start, unless it is the last one: that one tries again for every unit. */
  #retire(error: unknown): boolean {
    if (!(error instanceof EngineDied) || this.#signal.aborted || this.#workers === 1) return false;
    this.#workers--;
    this.#report({ kind: "worker-lost", message: explanationOf(error) });
    return true;
  }

  async #createRuntime(point: string): Promise<ModelRuntime> {
    const { createRuntime } = this.#options;
    const runtime = await createRuntime(this.#signal).catch((error: unknown) => {
      if (!(error instanceof EngineDied) || this.#signal.aborted) throw error;
      this.#reportDeath(point, error);
      return createRuntime(this.#signal);
    });
    this.#runtimes.push(runtime);
    return runtime;
  }

  async #runUnit(unit: PlannedUnit, runtime: ModelRuntime): Promise<void> {
    let weights: MaterialisedWeights | undefined;
    try {
      weights = await this.#merging.add(async () => {
        this.#signal.throwIfAborted();
        return materialise(unit, this.#plan, await this.#ggufFolder(unit), this.#signal);
      });
      const known = { weights: weights.weightsSha256, runtime: runtime.build };
      const identity = await unitIdentity(unit, this.#plan, known, await this.#files.of(unit));
      const own = this.#stored.folderOf(unit);
      const owner = this.#owners.get(identity.identity) ?? own;
      this.#owners.set(identity.identity, owner);
      if (this.#options.keepGguf !== undefined) await keepWeights(weights, unit, this.#options.keepGguf);
      const named = { ...known, identity: identity.identity };
      if (!(await this.#stored.isLeftTo(owner, own))) {
        const answers = await this.#evaluate(unit, owner, weights, identity, runtime);
        await this.#store.unit(owner).writeResult(resultOf(owner, named, this.#plan, { ...answers, same_as: null }));
      }
      if (owner !== own) {
        const { identityV1: _v1, ...record } = identity;
        const attempts = completionsPerPoint(this.#plan.manifest);
        await this.#store.unit(own).writeIdentity(record);
        await this.#store.unit(own).writeResult(resultOf(own, named, this.#plan, { attempts, same_as: owner }));
      }
      this.#reportDone(unit, owner === own ? null : owner, false);
    } catch (error) {
      if (this.#signal.aborted || error instanceof DiskFullError) throw error;
      await this.#reportFailure(unit, error);
    } finally {
      await weights?.discard();
    }
  }

  /** @param owner the folder that gets the completions */
  async #evaluate(
    unit: PlannedUnit,
    owner: string,
    weights: MaterialisedWeights,
    identity: OpenedAs,
    runtime: ModelRuntime,
  ): Promise<UnitAnswers> {
    const { sequences } = this.#options;
    const point = unit.point.name;
    const progress = await UnitInProgress.begin({
      unit,
      plan: this.#plan,
      store: this.#store.unit(owner),
      weights,
      identity,
      sequences,
      signal: this.#signal,
      onCompletion: (record) => this.#report({ kind: "completion", point, record }),
      onCrash: (death) => {
        this.#reportDeath(point, death);
        this.#bell.emit("change");
      },
    });
    try {
      const [damaged] = progress.setAside;
      if (damaged !== undefined) {
        const file = join(this.#store.folder, "units", owner, DAMAGED_FILE);
        this.#report({ kind: "lines-set-aside", point, lines: progress.setAside.length, file });
      }
      this.#report({ kind: "unit-started", point, stored: progress.stored });
      this.#inProgress.set(point, progress);
      this.#bell.emit("change");
      await progress.contribute(runtime);
      return await progress.finish();
    } finally {
      this.#inProgress.delete(point);
      await progress.close();
    }
  }

  #reportDone(unit: PlannedUnit, sameAs: string | null, resumed: boolean): void {
    this.#done++;
    this.#report({ kind: "unit-done", point: unit.point.name, sameAs, resumed });
  }

  /** Of an engine that is replaced. */
  #reportDeath(point: string, death: EngineDied): void {
    const message = explanationOf(death);
    this.#deaths.set(point, [...(this.#deaths.get(point) ?? []), message]);
    const engine = this.#plan.server === undefined ? "process" : "server";
    this.#report({ kind: "unit-crashed", point, message, engine });
  }

  async #reportFailure(unit: PlannedUnit, error: unknown): Promise<void> {
    const point = unit.point.name;
    const message = explanationOf(error);
    this.#failed.push({ point, message });
    this.#report({ kind: "unit-failed", point, message });
    await this.#store
      .unit(this.#stored.folderOf(unit))
      .writeFailure({ message, earlier: this.#deaths.get(point) ?? [] });
  }

  /** Chosen once, by the size of the first merge: all merges of a sweep are of one size, or nearly. */
  #ggufFolder(unit: PlannedUnit): Promise<string> {
    const files = Math.min(this.#options.workers, this.#plan.units.length);
    this.#folder ??= chooseGgufFolder(unitBytes(unit, this.#plan.ggufType), files, this.#options.cacheLimit);
    return this.#folder;
  }
}

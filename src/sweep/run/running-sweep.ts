import { EventEmitter, once, setMaxListeners } from "node:events";
import { join } from "node:path";
import PQueue from "p-queue";
import { DiskFullError, explanationOf } from "../../base/errors.ts";
import { EngineDied, type ModelRuntime } from "../../models/runtime.ts";
import { DAMAGED_FILE } from "../../runs/completions/completion-files.ts";
import { OtherBuild } from "../../runs/leases/open-unit.ts";
import { LeasesLost } from "../../runs/leases/worker-leases.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { OpenedAs } from "../../runs/unit-store.ts";
import { type PlannedUnit, type SweepPlan, unitBytes } from "../plan/plan.ts";
import { checkInputs } from "./check-inputs.ts";
import { chooseGgufFolder } from "./gguf-folder.ts";
import { keepWeights, type MaterialisedWeights, materialise, resultOf } from "./materialise.ts";
import { type Registered, refuseOtherBuild, registerUnit, writeTwin } from "./register-unit.ts";
import { StoredUnits } from "./stored-units.ts";
import type { SweepEvent } from "./sweep-event.ts";
import type { SettledOptions, SweepOutcome } from "./sweep-options.ts";
import { SweepReporter } from "./sweep-reporter.ts";
import { InputFiles, unitIdentity } from "./unit-identity.ts";
import { UnitInProgress } from "./unit-in-progress.ts";
import { UnitQueue } from "./unit-queue.ts";

/** How long a worker that finds nothing to do waits before it looks again, in milliseconds: at first, and at the most. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/** What this process does of a sweep, with several engines. */
export class RunningSweep {
  readonly #plan: SweepPlan;
  readonly #store: RunStore;
  readonly #stored: StoredUnits;
  readonly #options: SettledOptions;
  readonly #queue: UnitQueue;
  readonly #inProgress = new Map<string, UnitInProgress>();
  /** Units that an engine here has taken and not finished, whether being merged or evaluated. */
  #taken = 0;
  /** Engines that work, or may be started. */
  #workers: number;
  /** What engines died of that were replaced, by point. */
  readonly #deaths = new Map<string, string[]>();
  /** Rings when a unit begins, ends, or has attempts given back. */
  readonly #bell = new EventEmitter();
  readonly #failed: { point: string; message: string }[] = [];
  #done = 0;
  /**
   * One merge at a time, in the plan's order: merging is bound by the disk, and which of two equal merges counts as the first
   * must not depend on timing.
   */
  readonly #merging = new PQueue({ concurrency: 1 });
  /** One engine at a time chooses what to do. */
  readonly #choosing = new PQueue({ concurrency: 1 });
  readonly #runtimes: ModelRuntime[] = [];
  #folder: Promise<string> | undefined;
  /** What no unit can go on with: a full disk, lost leases, a bug. */
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
    this.#queue = new UnitQueue({
      plan,
      store,
      stored: this.#stored,
      onDone: (unit, { same_as }) => this.#reportDone(unit, same_as, true),
    });
    this.#reporter = new SweepReporter(plan.manifest, options.workers, store, {
      onEvent: options.onEvent,
      processesOf: (point) => this.#inProgress.get(point)?.contributors ?? 0,
    });
    options.drain?.addEventListener("abort", () => this.#drain(), { once: true });
  }

  #report(event: SweepEvent): void {
    this.#reporter.report(event);
  }

  #drain(): void {
    for (const progress of this.#inProgress.values()) progress.drain();
    this.#bell.emit("change");
  }

  get #ending(): boolean {
    return this.#signal.aborted || this.#options.drain?.aborted === true;
  }

  async run(): Promise<SweepOutcome> {
    await checkInputs(this.#plan, this.#store, this.#files, {
      signal: this.#signal,
      onCheck: (point) => this.#report({ kind: "inputs-compared", point }),
    });
    for (const unit of this.#plan.units) {
      const result = await this.#stored.finished(unit);
      if (result === undefined) this.#queue.add(unit);
      else this.#reportDone(unit, result.same_as, true);
    }
    // What has no room is said before anything is made.
    const [first] = this.#plan.units;
    const needsRoom = this.#queue.length > 0 && (this.#plan.server?.weights ?? "gguf") === "gguf";
    if (first !== undefined && needsRoom) await this.#ggufFolder(first);
    await Promise.all(
      Array.from({ length: this.#options.workers }, async () => {
        try {
          await this.#work();
        } catch (error) {
          this.#halt.abort(error);
          this.#bell.emit("change");
        }
      }),
    );
    this.#options.signal.throwIfAborted();
    this.#halt.signal.throwIfAborted();
    return { done: this.#done, failed: this.#failed, left: this.#queue.length };
  }

  async dispose(): Promise<void> {
    await this.#reporter.stop();
    await Promise.all(this.#runtimes.map((runtime) => runtime[Symbol.asyncDispose]()));
  }

  /** An engine's life: a unit of its own while there are any; then a share of those that others are on, here or elsewhere. */
  async #work(): Promise<void> {
    let runtime: ModelRuntime | undefined;
    const ready = async (point: string): Promise<ModelRuntime> => (runtime ??= await this.#createRuntime(point));
    let idle = FIRST_WAIT;
    while (!this.#ending) {
      const unit = await this.#choosing.add(async () => (this.#ending ? undefined : this.#queue.takeFresh()));
      const shared = [...this.#inProgress].find(([, { wantsHelp }]) => wantsHelp);
      if (unit !== undefined) {
        if (!(await this.#take(unit, ready))) return;
      } else if (shared !== undefined) {
        if (!(await this.#help(...shared, ready))) return;
      } else {
        const other = await this.#choosing.add(async () => (this.#ending ? undefined : this.#queue.takeShared()));
        if (other === undefined) {
          if (this.#queue.length === 0 && this.#taken === 0) return;
          idle = await this.#wait(idle);
          continue;
        }
        if (!(await this.#take(other, ready))) return;
      }
      idle = FIRST_WAIT;
    }
  }

  /** Waits for something to change here, or for others: the longer, the longer nothing has. @returns how long to wait next */
  async #wait(milliseconds: number): Promise<number> {
    const elsewhere = this.#queue.elsewhere > 0;
    const enough = new AbortController();
    // A timer that keeps the process: that of AbortSignal.timeout does not.
    const timer = elsewhere ? setTimeout(() => enough.abort(), milliseconds) : undefined;
    const signal = AbortSignal.any([this.#signal, enough.signal]);
    await once(this.#bell, "change", { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    clearTimeout(timer);
    if (!elsewhere || this.#ending) return FIRST_WAIT;
    // What the dead held is free then.
    await this.#store.leases.living();
    return Math.min(LONGEST_WAIT, milliseconds * 1.5);
  }

  /** @returns false if the worker has no engine, and has left the work to the others */
  async #help(
    point: string,
    progress: UnitInProgress,
    ready: (point: string) => Promise<ModelRuntime>,
  ): Promise<boolean> {
    try {
      await progress.contribute(await ready(point));
      return true;
    } catch (error) {
      if (this.#retire(error)) return false;
      throw error;
    }
  }

  /** @returns false if the worker has no engine, and has left the unit to the others */
  async #take(unit: PlannedUnit, ready: (point: string) => Promise<ModelRuntime>): Promise<boolean> {
    this.#taken++;
    try {
      await this.#runUnit(unit, await ready(unit.point.name));
      return true;
    } catch (error) {
      if (this.#retire(error)) return false;
      if (!(error instanceof EngineDied) || this.#signal.aborted) throw error;
      await this.#reportFailure(unit, error);
      return true;
    } finally {
      await this.#queue.release(unit);
      this.#queue.return(unit);
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
    const { mixedHardware, keepGguf } = this.#options;
    const own = this.#stored.folderOf(unit);
    let weights: MaterialisedWeights | undefined;
    try {
      await refuseOtherBuild(own, this.#store, runtime.build, mixedHardware);
      weights = await this.#merging.add(async () => {
        this.#signal.throwIfAborted();
        return materialise(unit, this.#plan, await this.#ggufFolder(unit), this.#signal);
      });
      const built = { weights: weights.weightsSha256, runtime: runtime.build };
      const identity = await unitIdentity(unit, this.#plan, built, await this.#files.of(unit));
      const known = { ...built, identity: identity.identity };
      if (keepGguf !== undefined) await keepWeights(weights, unit, keepGguf);
      const place = await registerUnit(unit, identity, known, {
        plan: this.#plan,
        store: this.#store,
        stored: this.#stored,
        mixedHardware,
      });
      await this.#queue.release(unit);
      if (place.kind === "file") {
        if (!(await this.#evaluate(unit, place, weights, { identity, known }, runtime))) return;
        if (place.owner !== own) {
          await writeTwin(own, place.owner, { as: identity, known, plan: this.#plan, store: this.#store });
        }
      }
      this.#queue.remove(unit);
      this.#reportDone(unit, place.owner === own ? null : place.owner, false);
    } catch (error) {
      if (this.#signal.aborted || error instanceof DiskFullError || error instanceof LeasesLost) throw error;
      if (error instanceof OtherBuild && (await this.#queue.leave(unit))) {
        this.#report({ kind: "unit-left", point: unit.point.name, message: error.message });
      } else await this.#reportFailure(unit, error);
    } finally {
      await weights?.discard();
    }
  }

  /** @returns whether the unit is done; else others are still on it */
  async #evaluate(
    unit: PlannedUnit,
    place: Extract<Registered, { kind: "file" }>,
    weights: MaterialisedWeights,
    { identity, known }: { readonly identity: OpenedAs; readonly known: Parameters<typeof resultOf>[1] },
    runtime: ModelRuntime,
  ): Promise<boolean> {
    const point = unit.point.name;
    const progress = await UnitInProgress.begin({
      unit,
      plan: this.#plan,
      store: this.#store,
      place,
      weights,
      identity,
      sequences: this.#options.sequences,
      signal: this.#signal,
      onCompletion: (record) => this.#report({ kind: "completion", point, record }),
      onOthers: (records) => this.#report({ kind: "completions-elsewhere", point, records }),
      onCrash: (death) => {
        this.#reportDeath(point, death);
        this.#bell.emit("change");
      },
    });
    try {
      const [damaged] = progress.setAside;
      if (damaged !== undefined) {
        const file = join(this.#store.folder, "units", place.owner, DAMAGED_FILE);
        this.#report({ kind: "lines-set-aside", point, lines: progress.setAside.length, file });
      }
      this.#report({ kind: "unit-started", point, stored: progress.stored });
      this.#inProgress.set(point, progress);
      this.#bell.emit("change");
      await progress.contribute(runtime);
      const answers = await progress.finish();
      if (answers === undefined) return false;
      const unitStore = this.#store.unit(place.owner);
      await unitStore.writeResult(resultOf(place.owner, known, this.#plan, { ...answers, same_as: null }));
      return true;
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
    this.#queue.remove(unit);
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

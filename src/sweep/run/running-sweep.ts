import { EventEmitter, once, setMaxListeners } from "node:events";
import PQueue from "p-queue";
import { explanationOf } from "../../base/errors.ts";
import { EngineDied, type ModelRuntime } from "../../models/runtime.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { PlannedUnit, SweepPlan } from "../plan/plan.ts";
import { checkInputs } from "./check-inputs.ts";
import { StoredUnits } from "./stored-units.ts";
import type { SweepEvent } from "./sweep-event.ts";
import type { SettledOptions, SweepOutcome } from "./sweep-options.ts";
import { SweepReporter } from "./sweep-reporter.ts";
import { InputFiles } from "./unit-identity.ts";
import type { UnitInProgress } from "./units/unit-in-progress.ts";
import { UnitOutcomes } from "./units/unit-outcomes.ts";
import { UnitQueue } from "./units/unit-queue.ts";
import { UnitRunner } from "./units/unit-runner.ts";

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
  readonly #outcomes: UnitOutcomes;
  readonly #runner: UnitRunner;
  /** Units that an engine here has taken and not finished, whether being merged or evaluated. */
  #taken = 0;
  /** Engines that work, or may be started. */
  #workers: number;
  /** Rings when a unit begins, ends, or has attempts given back. */
  readonly #bell = new EventEmitter();
  /** One engine at a time chooses what to do. */
  readonly #choosing = new PQueue({ concurrency: 1 });
  readonly #runtimes: ModelRuntime[] = [];
  /** What no unit can go on with: a full disk, lost leases, a bug. */
  readonly #halt = new AbortController();
  readonly #signal: AbortSignal;
  readonly #files = new InputFiles();
  readonly #reporter: SweepReporter;

  constructor(plan: SweepPlan, store: RunStore, options: SettledOptions) {
    this.#plan = plan;
    this.#store = store;
    this.#stored = new StoredUnits(plan, store, (event) => this.#report(event));
    this.#outcomes = new UnitOutcomes(plan, store, (event) => this.#report(event));
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
      onDone: (unit, { same_as }) => this.#outcomes.addDone(unit, same_as, true),
    });
    this.#runner = new UnitRunner({
      plan,
      store,
      stored: this.#stored,
      queue: this.#queue,
      outcomes: this.#outcomes,
      files: this.#files,
      options,
      signal: this.#signal,
      report: (event) => this.#report(event),
      onChange: () => this.#bell.emit("change"),
    });
    this.#reporter = new SweepReporter(plan.manifest, options.workers, store, {
      onEvent: options.onEvent,
      processesOf: (point) => this.#runner.inProgress.get(point)?.contributors ?? 0,
    });
    options.drain?.addEventListener("abort", () => this.#drain(), { once: true });
  }

  #report(event: SweepEvent): void {
    this.#reporter.report(event);
  }

  #drain(): void {
    for (const progress of this.#runner.inProgress.values()) progress.drain();
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
      else this.#outcomes.addDone(unit, result.same_as, true);
    }
    // What has no room is said before anything is made.
    const [first] = this.#plan.units;
    const needsRoom = this.#queue.length > 0 && (this.#plan.server?.weights ?? "gguf") === "gguf";
    if (first !== undefined && needsRoom) await this.#runner.ggufFolder(first);
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
    return { ...this.#outcomes.counts, left: this.#queue.length };
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
      const shared = [...this.#runner.inProgress].find(([, { wantsHelp }]) => wantsHelp);
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
      await this.#runner.run(unit, await ready(unit.point.name));
      return true;
    } catch (error) {
      if (this.#retire(error)) return false;
      if (!(error instanceof EngineDied) || this.#signal.aborted) throw error;
      this.#queue.remove(unit);
      await this.#outcomes.addFailure(unit, error);
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
      this.#outcomes.addDeath(point, error);
      return createRuntime(this.#signal);
    });
    this.#runtimes.push(runtime);
    return runtime;
  }
}

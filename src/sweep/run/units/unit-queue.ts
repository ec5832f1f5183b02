import { unitLease, unitLeasePrefix } from "../../../runs/leases/lease-files.ts";
import { isFileLease } from "../../../runs/leases/worker-watch.ts";
import type { RunStore } from "../../../runs/run-store.ts";
import type { UnitResult } from "../../../runs/schema.ts";
import type { PlannedUnit, SweepPlan } from "../../plan/plan.ts";
import type { StoredUnits } from "../stored-units.ts";
import { UnitBlocks } from "./unit-blocks.ts";

interface QueueOptions {
  readonly plan: SweepPlan;
  readonly store: RunStore;
  readonly stored: StoredUnits;
  /** Told of a unit that is done, by whomever. */
  readonly onDone: (unit: PlannedUnit, result: UnitResult) => void;
}

/** The units that this process has not seen done, and which of them it may take: other workers of the store take some, too. */
export class UnitQueue {
  readonly #options: QueueOptions;
  /** By folder, in the plan's order. */
  readonly #open = new Map<string, PlannedUnit>();
  /** Units that a worker of this process is on. */
  readonly #here = new Set<string>();
  /** Units that this process cannot go on with, and that others may. */
  readonly #left = new Set<string>();
  readonly #blocks = new Map<string, UnitBlocks>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** How many units are not done, or given up here. */
  get length(): number {
    return this.#open.size;
  }

  /** How many of them other workers may be on. */
  get elsewhere(): number {
    return this.#open.size - this.#here.size;
  }

  add(unit: PlannedUnit): void {
    this.#open.set(this.#options.stored.folderOf(unit), unit);
  }

  /** A worker of this process is on a unit no more. */
  return(unit: PlannedUnit): void {
    this.#here.delete(this.#options.stored.folderOf(unit));
  }

  /** A unit is done, or has failed. */
  remove(unit: PlannedUnit): void {
    const folder = this.#options.stored.folderOf(unit);
    this.#open.delete(folder);
    this.#here.delete(folder);
    this.#left.delete(folder);
    this.#blocks.delete(folder);
  }

  /** Leaves a unit to the workers that are on it. @returns whether there are any */
  async leave(unit: PlannedUnit): Promise<boolean> {
    const folder = this.#options.stored.folderOf(unit);
    const others = await this.#isTaken(folder, await this.#options.store.leases.taken());
    if (others) this.#left.add(folder);
    return others;
  }

  async #isTaken(folder: string, taken: ReadonlySet<string>): Promise<boolean> {
    const prefix = unitLeasePrefix(folder);
    for (const name of taken) {
      if (!isOnUnit(name, prefix)) continue;
      const holder = await this.#options.store.leases.holderOf(name);
      if (holder !== undefined && holder.worker !== this.#options.store.leases.worker) return true;
    }
    return false;
  }

  /** Takes the first unit that nobody is on. */
  async takeFresh(): Promise<PlannedUnit | undefined> {
    const { leases } = this.#options.store;
    const taken = await leases.taken();
    for (const [folder, unit] of this.#open) {
      if (this.#here.has(folder) || isTaken(folder, taken)) continue;
      if (!(await leases.claim(mergeLease(folder)))) continue;
      this.#here.add(folder);
      if (!(await this.#isDone(unit))) return unit;
      await this.release(unit);
    }
    return undefined;
  }

  /**
   * Takes a part of a unit that others are on: of the one in which most blocks are free for each worker that is there. To join
   * costs a merge and the loading of a model.
   */
  async takeShared(): Promise<PlannedUnit | undefined> {
    const { plan, store } = this.#options;
    const taken = await store.leases.taken();
    let best: { readonly unit: PlannedUnit; readonly folder: string; readonly share: number } | undefined;
    for (const [folder, unit] of this.#open) {
      if (this.#here.has(folder) || (await this.#isDone(unit)) || this.#left.has(folder)) continue;
      const blocks = this.#blocks.get(folder) ?? new UnitBlocks(folder, store, plan);
      this.#blocks.set(folder, blocks);
      await blocks.look();
      const open = blocks.openBlocks(taken);
      const share = open.free / (open.taken + 1);
      if (!this.#here.has(folder) && share > (best?.share ?? 0)) best = { unit, folder, share };
    }
    if (best === undefined || this.#here.has(best.folder)) return undefined;
    this.#here.add(best.folder);
    return best.unit;
  }

  /** Gives back the lease on the making of a unit's weights: its completions have leases of their own. */
  async release(unit: PlannedUnit): Promise<void> {
    await this.#options.store.leases.release(mergeLease(this.#options.stored.folderOf(unit)));
  }

  async #isDone(unit: PlannedUnit): Promise<boolean> {
    const result = await this.#options.stored.finished(unit);
    if (result === undefined) return false;
    this.remove(unit);
    this.#options.onDone(unit, result);
    return true;
  }
}

function isTaken(folder: string, taken: ReadonlySet<string>): boolean {
  const prefix = unitLeasePrefix(folder);
  for (const name of taken) if (isOnUnit(name, prefix)) return true;
  return false;
}

/** Whoever is on a unit makes its weights, answers a block or scores it; files may stay with workers that are long gone. */
function isOnUnit(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !isFileLease(name);
}

function mergeLease(folder: string): string {
  return unitLease(folder, "merge");
}

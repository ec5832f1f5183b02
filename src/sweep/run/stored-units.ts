import { finishLease } from "../../runs/leases/lease-files.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { UnitResult } from "../../runs/schema.ts";
import type { UnitStore } from "../../runs/unit-store.ts";
import type { PlannedUnit, SweepPlan } from "../plan/plan.ts";
import { refuseUnknownPoints } from "./again.ts";
import { keepScores } from "./rescore-unit.ts";
import { isScoredBy, scoresOfUnit } from "./score-run.ts";
import { askedDigest, storedShare } from "./stored-completions.ts";
import type { SweepEvent } from "./sweep-event.ts";

/** What a run store has of the units of a plan. */
export class StoredUnits {
  readonly #plan: SweepPlan;
  readonly #store: RunStore;
  readonly #report: (event: SweepEvent) => void;
  readonly #saidLost = new Set<string>();

  constructor(plan: SweepPlan, store: RunStore, report: (event: SweepEvent) => void) {
    this.#plan = plan;
    this.#store = store;
    this.#report = report;
  }

  /** The folder of a unit, which an earlier plan may have numbered otherwise. */
  folderOf({ point }: PlannedUnit): string {
    return this.#store.unitOf(point);
  }

  /**
   * Moves what is stored of points aside, so that they are made again.
   *
   * @throws ConfigError for a name that no point of the plan has
   */
  async setAside(names: readonly string[]): Promise<void> {
    refuseUnknownPoints(
      names,
      this.#plan.units.map(({ point }) => point.name),
      "plan",
    );
    for (const unit of this.#plan.units.filter(({ point }) => names.includes(point.name))) {
      const folder = await this.#store.unit(this.folderOf(unit)).setAside();
      if (folder !== undefined) this.#report({ kind: "unit-set-aside", point: unit.point.name, folder });
    }
  }

  /** @returns the unit's result if all that is asked of it is stored; its scores are brought up to date then */
  async finished(unit: PlannedUnit): Promise<UnitResult | undefined> {
    const own = await this.#store.unit(this.folderOf(unit)).result();
    if (own === undefined) return undefined;
    const store = this.#store.unit(own.same_as ?? this.folderOf(unit));
    const result = own.same_as === null ? own : await store.result();
    if (result === undefined) return undefined;
    const { complete, unchanged, lost } = await storedShare(store, result, this.#plan.benchmarks);
    if (lost > 0 && !this.#saidLost.has(unit.point.name)) {
      this.#saidLost.add(unit.point.name);
      this.#report({ kind: "completions-lost", point: unit.point.name, lost });
    }
    if (!complete) return undefined;
    if (unchanged && (await this.#isScored(store, result))) return own;
    // Another worker may be writing scores of more than is asked here.
    const lease = finishLease(own.same_as ?? this.folderOf(unit));
    if (!(await this.#store.leases.claim(lease))) return undefined;
    try {
      await this.#bringUpToDate(store, result);
    } finally {
      await this.#store.leases.release(lease);
    }
    return own;
  }

  /** Whether there are scores of all completions, made by the scorers of today and as the sweep file has it. */
  async #isScored(store: UnitStore, result: UnitResult): Promise<boolean> {
    return isScoredBy(result, this.#plan.manifest.scoring) && (await store.scoreCount()) >= result.attempts;
  }

  /** Completions stay what they are; result and scores follow what is asked and by what is scored. */
  async #bringUpToDate(store: UnitStore, before: UnitResult): Promise<void> {
    const { benchmarks, wholeBenchmarks, manifest, scorers } = this.#plan;
    const result = (await store.result()) ?? before;
    const { attempts } = await storedShare(store, result, benchmarks);
    const answers = { attempts, asked: askedDigest(benchmarks), samples_bytes: await store.samplesBytes() };
    const now = { ...result, ...answers };
    if (await this.#isScored(store, now)) return await store.writeResult(now);
    const scores = await scoresOfUnit(store, await store.samples(), wholeBenchmarks, manifest.scoring, scorers);
    await keepScores(store, now, scores, manifest.scoring);
  }

  /** Whether another unit of the same weights answers, or has answered, all that is asked: one merge is never evaluated twice. */
  async isLeftTo(owner: string, own: string): Promise<boolean> {
    if (owner === own) return false;
    if (this.#plan.units.some((unit) => this.folderOf(unit) === owner)) return true;
    const store = this.#store.unit(owner);
    const result = await store.result();
    return result !== undefined && (await storedShare(store, result, this.#plan.benchmarks)).complete;
  }
}

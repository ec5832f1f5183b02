import type { RunStore } from "../../runs/run-store.ts";
import type { UnitResult } from "../../runs/schema.ts";
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
    const { benchmarks, wholeBenchmarks, manifest } = this.#plan;
    const { complete, lost } = await storedShare(store, result, benchmarks);
    if (lost > 0 && !this.#saidLost.has(unit.point.name)) {
      this.#saidLost.add(unit.point.name);
      this.#report({ kind: "completions-lost", point: unit.point.name, lost });
    }
    if (!complete) return undefined;
    // Completions stay what they are; scores follow the scorers of today and the sweep file.
    if (!isScoredBy(result, manifest.scoring) || (await store.scoreCount()) < result.attempts) {
      const scores = await scoresOfUnit(
        store,
        await store.samples(),
        wholeBenchmarks,
        manifest.scoring,
        this.#plan.scorers,
      );
      const answers = { asked: askedDigest(benchmarks), samples_bytes: await store.samplesBytes() };
      await keepScores(store, { ...result, ...answers }, scores, manifest.scoring);
    }
    return own;
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

import { explanationOf } from "../../../base/errors.ts";
import type { EngineDied } from "../../../models/runtime.ts";
import type { RunStore } from "../../../runs/run-store.ts";
import type { PlannedUnit, SweepPlan } from "../../plan/plan.ts";
import type { SweepEvent } from "../sweep-event.ts";
import type { SweepOutcome } from "../sweep-options.ts";

/** What became of the units of a sweep so far: counted, and told as it happens. */
export class UnitOutcomes {
  readonly #plan: SweepPlan;
  readonly #store: RunStore;
  readonly #report: (event: SweepEvent) => void;
  /** What engines died of that were replaced, by point. */
  readonly #deaths = new Map<string, string[]>();
  readonly #failed: { point: string; message: string }[] = [];
  #done = 0;

  constructor(plan: SweepPlan, store: RunStore, report: (event: SweepEvent) => void) {
    this.#plan = plan;
    this.#store = store;
    this.#report = report;
  }

  get counts(): Pick<SweepOutcome, "done" | "failed"> {
    return { done: this.#done, failed: this.#failed };
  }

  /** @param resumed whether it was done before, or by another process */
  addDone({ point }: PlannedUnit, sameAs: string | null, resumed: boolean): void {
    this.#done++;
    this.#report({ kind: "unit-done", point: point.name, sameAs, resumed });
  }

  /** An engine died that is replaced. */
  addDeath(point: string, death: EngineDied): void {
    const message = explanationOf(death);
    this.#deaths.set(point, [...(this.#deaths.get(point) ?? []), message]);
    const engine = this.#plan.server === undefined ? "process" : "server";
    this.#report({ kind: "unit-crashed", point, message, engine });
  }

  /** Notes in the store why a unit is given up. */
  async addFailure({ point }: PlannedUnit, error: unknown): Promise<void> {
    const message = explanationOf(error);
    this.#failed.push({ point: point.name, message });
    this.#report({ kind: "unit-failed", point: point.name, message });
    const earlier = this.#deaths.get(point.name) ?? [];
    await this.#store.unit(this.#store.unitOf(point)).writeFailure({ message, earlier });
  }
}

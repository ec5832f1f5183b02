import { unitLeasePrefix } from "../../../runs/leases/lease-files.ts";
import { claimCompletionFile, IDENTITIES, OtherBuild } from "../../../runs/leases/open-unit.ts";
import { type RunStore, unitFolders } from "../../../runs/run-store.ts";
import { completionsPerPoint } from "../../../runs/schema.ts";
import type { OpenedAs } from "../../../runs/unit-store.ts";
import type { PlannedUnit, SweepPlan } from "../../plan/plan.ts";
import { resultOf } from "../materialise.ts";
import type { StoredUnits } from "../stored-units.ts";

/** Where a unit's completions go. */
export type Registered =
  /** To a file of this worker in the folder of a unit: its own, or one of the same weights that is not in the plan. */
  | { readonly kind: "file"; readonly owner: string; readonly file: string }
  /** Nowhere: another unit of the same weights answers for it. */
  | { readonly kind: "twin"; readonly owner: string };

interface RegisterOptions {
  readonly plan: SweepPlan;
  readonly store: RunStore;
  readonly stored: StoredUnits;
  readonly owners: UnitOwners;
  readonly mixedHardware: boolean | undefined;
}

/**
 * Says to all workers what a unit's completions are made from. Of units with the same weights one answers for all: the one that
 * has begun, or the first in the plan's order.
 *
 * @param known what its result is known by
 * @throws OtherBuild, or StoreError if the unit has completions that were made otherwise
 */
export async function registerUnit(
  unit: PlannedUnit,
  as: OpenedAs,
  known: Parameters<typeof resultOf>[1],
  { plan, store, stored, owners, mixedHardware }: RegisterOptions,
): Promise<Registered> {
  return await store.leases.exclusively(IDENTITIES, async () => {
    const own = stored.folderOf(unit);
    const owner = await owners.of(own, as.identity);
    if (await stored.isLeftTo(owner, own)) {
      await writeTwin(own, owner, { as, known, plan, store });
      return { kind: "twin", owner };
    }
    const opened = { id: owner, store: store.unit(owner), leases: store.leases, as, mixedHardware };
    return { kind: "file", owner, file: await claimCompletionFile(opened) };
  });
}

/** Notes that a unit has the completions of another. */
export async function writeTwin(
  own: string,
  owner: string,
  { as, known, plan, store }: { as: OpenedAs; known: Parameters<typeof resultOf>[1]; plan: SweepPlan; store: RunStore },
): Promise<void> {
  const { identityV1: _v1, ...record } = as;
  const attempts = completionsPerPoint(plan.manifest);
  await store.unit(own).writeIdentity(record);
  await store.unit(own).writeResult(resultOf(own, known, plan, { attempts, same_as: owner }));
}

/** How far a unit with the same weights is: the further, the more it is to be the one that answers. */
const DONE = 0;
const BEGUN = 1;
const NOT_BEGUN = 2;

/** Which unit answers for others of the same weights. */
export class UnitOwners {
  readonly #store: RunStore;
  /** The identities of units that are done, which do not change as long as workers are there; null of those that answer for nobody. */
  readonly #done = new Map<string, string | null>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  async of(own: string, identity: string): Promise<string> {
    const taken = [...(await this.#store.leases.taken())];
    const begun = new Set(await unitFolders(this.#store.folder));
    let best = { unit: own, state: NOT_BEGUN, place: Number.POSITIVE_INFINITY };
    for (const [place, { unit }] of this.#store.manifest.points.entries()) {
      if (unit !== own && !begun.has(unit)) continue;
      const state = await this.#stateOf(unit, { identity, isOwn: unit === own, taken });
      if (state === undefined) continue;
      if (state < best.state || (state === best.state && place < best.place)) best = { unit, state, place };
    }
    return best.unit;
  }

  /** Undefined for a unit of other weights, or one that answers for nobody. */
  async #stateOf(
    unit: string,
    { identity, isOwn, taken }: { identity: string; isOwn: boolean; taken: readonly string[] },
  ): Promise<number | undefined> {
    const done = this.#done.get(unit);
    if (done !== undefined && !isOwn) return done === identity ? DONE : undefined;
    const its = this.#store.unit(unit);
    const registered = (await its.identity())?.identity ?? null;
    const result = await its.result();
    if (result !== undefined) this.#done.set(unit, result.same_as === null ? registered : null);
    if ((registered !== identity && !isOwn) || (result !== undefined && result.same_as !== null)) return undefined;
    if (result !== undefined) return DONE;
    if (registered !== identity) return NOT_BEGUN;
    const file = `${unitLeasePrefix(unit)}file-`;
    return (await its.samplesBytes()) > 0 || taken.some((name) => name.startsWith(file)) ? BEGUN : NOT_BEGUN;
  }
}

/**
 * Saves the making of weights whose completions could not be stored.
 *
 * @throws OtherBuild if another build of the runtime has begun a unit
 */
export async function refuseOtherBuild(
  unit: string,
  store: RunStore,
  build: string,
  mixedHardware: boolean | undefined,
): Promise<void> {
  const its = store.unit(unit);
  const identity = await its.identity();
  const first = identity?.parts.runtime;
  if (mixedHardware === true || typeof first !== "string" || first === build) return;
  if (Object.values(identity?.builds ?? {}).includes(build) || (await its.samplesBytes()) === 0) return;
  throw new OtherBuild(`${its.folder} holds completions of ${first}, this worker is ${build}`, {
    hint: "Go on where they were made; or mix them with --mixed-hardware, and the report says so; or make the point again with --again POINT.",
  });
}

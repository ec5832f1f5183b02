import { StoreError } from "../../base/errors.ts";
import { changedFiles } from "../../checkpoints/fingerprint.ts";
import { IDENTITIES } from "../../runs/leases/open-unit.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { PlannedUnit, SweepPlan } from "../plan/plan.ts";
import { type InputFiles, unitDigest, unitIdentity } from "./unit-identity.ts";

/** Points whose inputs are not what they were, and the files that show it. */
interface ChangedUnit {
  readonly point: string;
  readonly files: readonly string[];
}

/** Whoever wants to know that weights are being read again to be compared. */
type OnCheck = (point: string) => void;

/**
 * Checks that what is stored was made from the inputs as they are now. Files that look the same are taken to be; where they do
 * not, or nothing is known of them, the weights are made again and their digest compared.
 *
 * @throws StoreError naming points and files, before anything is started
 */
export async function checkInputs(
  plan: SweepPlan,
  store: RunStore,
  files: InputFiles,
  { signal, onCheck }: { readonly signal: AbortSignal; readonly onCheck: OnCheck },
): Promise<void> {
  const changed: ChangedUnit[] = [];
  for (const unit of plan.units) {
    const found = await changedInputs(unit, plan, store, files, { signal, onCheck });
    if (found.length > 0) changed.push({ point: unit.point.name, files: found });
  }
  if (changed.length === 0) return;
  const lines = [...groupByFiles(changed)].map(([names, points]) => `  ${points.join(", ")}: ${names}`);
  throw new StoreError(
    `Inputs have changed since these points of ${store.folder} were evaluated:\n${lines.join("\n")}`,
    {
      hint: `Make them again with ${changed
        .slice(0, 4)
        .map(({ point }) => `--again ${point}`)
        .join(
          " ",
        )}${changed.length > 4 ? " ..." : ""}, which keeps the old completions aside; or give the new inputs a run of their own with --out FOLDER.`,
    },
  );
}

/** @returns the files that changed so that the completions would be others; none if all is as it was */
async function changedInputs(
  unit: PlannedUnit,
  plan: SweepPlan,
  store: RunStore,
  files: InputFiles,
  { signal, onCheck }: { readonly signal: AbortSignal; readonly onCheck: OnCheck },
): Promise<string[]> {
  const own = store.unit(store.unitOf(unit.point));
  const result = await own.result();
  const stored = await own.identity();
  if (stored === undefined || (result === undefined && stored.v1 !== undefined)) return [];
  const inputs = await files.of(unit);
  const differing = changedFiles(stored.inputs, inputs);
  if (stored.v1 === undefined && differing.length === 0) return [];
  const runtime = result?.runtime ?? (typeof stored.parts.runtime === "string" ? stored.parts.runtime : "");
  onCheck(unit.point.name);
  const now = await unitIdentity(unit, plan, { weights: await unitDigest(unit, signal), runtime }, inputs);
  const same =
    stored.v1 === undefined
      ? stored.identity === now.identity
      : stored.v1.identity === now.identityV1?.(stored.v1.benchmarks);
  if (!same) return stored.v1 === undefined ? differing : ["weights, config, tokenizer or settings"];
  const { identityV1: _v1, ...record } = now;
  await store.leases.exclusively(IDENTITIES, async () => {
    const { benchmarks, builds } = (await own.identity()) ?? stored;
    await own.writeIdentity({ ...record, benchmarks: { ...benchmarks, ...now.benchmarks }, builds });
  });
  if (result !== undefined && result.identity !== now.identity) {
    await own.writeResult({ ...result, identity: now.identity });
  }
  return [];
}

function groupByFiles(changed: readonly ChangedUnit[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { point, files } of changed) {
    const names = files.join(", ");
    groups.set(names, [...(groups.get(names) ?? []), point]);
  }
  return groups;
}

import type { SampleWriter } from "../../../src/runs/completions/sample-writer.ts";
import { claimCompletionFile, IDENTITIES, openCompletionFile } from "../../../src/runs/leases/open-unit.ts";
import type { RunStore } from "../../../src/runs/run-store.ts";
import type { OpenedAs } from "../../../src/runs/unit-store.ts";

/** Opens a unit for completions, as a worker does. */
export async function openUnit(
  store: RunStore,
  id: string,
  as: OpenedAs,
  mixedHardware = false,
): Promise<SampleWriter> {
  const { leases } = store;
  const opened = { id, store: store.unit(id), leases, as, mixedHardware };
  return await openCompletionFile(opened, await leases.exclusively(IDENTITIES, () => claimCompletionFile(opened)));
}

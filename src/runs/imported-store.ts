import { join } from "node:path";
import { StoreError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { makeFolder } from "../base/files/make-folder.ts";
import { jsonLinePieces } from "../base/jsonl.ts";
import { enterAlone } from "./leases/enter-store.ts";
import { readManifestIfPresent } from "./read-manifest.ts";
import { unitStore, writeProblems } from "./run-store.ts";
import type { Manifest, ProblemRecord, SampleRecord } from "./schema.ts";
import type { UnitStore } from "./unit-store.ts";

/** A store of results of other programs, held by this process. Its manifest grows with what is imported. */
export interface ImportedStore {
  readonly folder: string;
  /** What an earlier import left; undefined in a new store. */
  readonly manifest: Manifest | undefined;
  unit(id: string): UnitStore;
  /** Where a unit keeps what was imported. */
  unitFile(id: string): string;
  writeManifest(manifest: Manifest): Promise<void>;
  /** The completions of a unit, for whoever reads them. */
  writeCompletions(id: string, records: readonly SampleRecord[]): Promise<void>;
  writeProblems(problems: readonly ProblemRecord[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a store for an import, making it if there is none.
 *
 * @throws StoreError if another process holds it, or if it is the store of a run of our own
 */
export async function openImportedStore(folder: string): Promise<ImportedStore> {
  await makeFolder(folder);
  const leases = await enterAlone(folder, "import");
  const path = join(folder, "manifest.json");
  try {
    const manifest = await readManifestIfPresent(folder);
    if (manifest !== undefined && !("imported" in manifest.plan)) {
      throw new StoreError(`${folder} is the store of the run "${manifest.sweep}", not of imported results`, {
        hint: "Import into a store of its own with --out FOLDER; `compare` takes both.",
      });
    }
    return {
      folder,
      manifest,
      unit: (id) => unitStore(folder, id),
      unitFile: (id) => join(folder, "units", id, "imported.jsonl"),
      writeManifest: (next) => writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`),
      writeCompletions: (id, records) =>
        writeFileAtomic(join(folder, "units", id, "samples.jsonl"), jsonLinePieces(records)),
      writeProblems: (problems) => writeProblems(folder, problems),
      close: () => leases.leave(),
    };
  } catch (error) {
    await leases.leave();
    throw error;
  }
}

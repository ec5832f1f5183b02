import { join } from "node:path";
import { z } from "zod";
import { StoreError } from "../base/errors.ts";
import { MANIFEST_VERSION, type Manifest, manifestSchema } from "./schema.ts";
import { checkStored, readStored } from "./stored-files.ts";

/**
 * The manifest of a store of this version or of an older one, as one of today; undefined if there is none.
 *
 * @throws StoreError for a store that a newer mergesweep made, or for what is no manifest
 */
export async function readManifestIfPresent(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, "manifest.json");
  const found = await readStored(z.looseObject({ manifest_version: z.int().positive() }), path);
  if (found === undefined) return undefined;
  if (found.manifest_version > MANIFEST_VERSION) {
    throw new StoreError(
      `${path}: expected a run store of version ${MANIFEST_VERSION} or older, found version ${found.manifest_version}`,
      {
        hint: `A newer mergesweep made it${typeof found.mergesweep_version === "string" ? ` (${found.mergesweep_version})` : ""}: update mergesweep.`,
      },
    );
  }
  return checkStored(manifestSchema, { ...found, manifest_version: MANIFEST_VERSION }, path);
}

/** @throws StoreError if the folder is no run store */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifestIfPresent(folder);
  if (manifest !== undefined) return manifest;
  throw new StoreError(`Expected a run store with a manifest.json, found none in ${folder}`, {
    hint: "Runs are stored in runs/<name>; make one with: mergesweep run SWEEP.yaml",
  });
}

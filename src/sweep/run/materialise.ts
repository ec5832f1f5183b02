import { cp, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { describeWriteFailure } from "../../base/files/atomic-write.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { writeGguf } from "../../checkpoints/gguf/write-gguf.ts";
import { digestCheckpoint, digestMerge } from "../../merge/digest-weights.ts";
import { mergeStreams } from "../../merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../merge/write-checkpoint.ts";
import type { UnitAnswers, UnitResult } from "../../runs/schema.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";
import { streamReader } from "../../tensors/write/tensor-stream.ts";
import { donorOf, type PlannedUnit, type SweepPlan } from "../plan/plan.ts";
import { temporaryName } from "./gguf-folder.ts";
import { storedType } from "./unit-identity.ts";

/** The weights of a unit as the runtime can load them. */
export interface MaterialisedWeights {
  /** A GGUF file or a checkpoint folder; empty for a server that has the model already. */
  readonly path: string;
  readonly weightsSha256: string;
  /** Removes what was made. */
  discard(): Promise<void>;
}

/** Where weights are, and what they are called. */
interface PlacedWeights extends Pick<MaterialisedWeights, "path" | "weightsSha256"> {
  readonly temporary: boolean;
}

/** Puts the weights of a unit where its runtime finds them. */
export async function materialise(
  unit: PlannedUnit,
  plan: SweepPlan,
  folder: string,
  signal: AbortSignal,
): Promise<MaterialisedWeights> {
  const { path, weightsSha256, temporary } = await place(unit, plan, folder, signal);
  return {
    path,
    weightsSha256,
    discard: async () => {
      if (temporary) await rm(path, { recursive: true, force: true });
    },
  };
}

async function place(
  { point, weights }: PlannedUnit,
  plan: SweepPlan,
  folder: string,
  signal: AbortSignal,
): Promise<PlacedWeights> {
  const path = join(folder, await temporaryName(point.unit));
  const options = { signal, ...(plan.allowNonFinite ? { onNonFinite: () => {} } : {}) };
  const { weights: form = "gguf" } = plan.server ?? {};
  if (form === "gguf") {
    // The merge goes tensor by tensor straight into the file that is loaded.
    const streams = weights.kind === "merge" ? mergeStreams(weights.merge) : streamReader(weights.checkpoint.reader);
    const file = `${path}.gguf`;
    const weightsSha256 = await writeGguf(file, donorOf(weights), streams, plan.ggufType, {
      ...options,
      allowUnknown: plan.allowUnknown,
    });
    return { path: file, weightsSha256, temporary: true };
  }
  if (weights.kind === "checkpoint") {
    const { weightsSha256 } = await digestCheckpoint(weights.checkpoint, options);
    return { path: form === "folder" ? weights.checkpoint.path : "", weightsSha256, temporary: false };
  }
  if (form === "none") return { path: "", ...(await digestMerge(weights.merge, options)), temporary: false };
  return { path, ...(await writeMergedCheckpoint(weights.merge, path, options)), temporary: true };
}

/**
 * @param unit the folder
 * @param answers what was answered, or the unit that evaluates the same weights: a merge is never evaluated twice
 */
export function resultOf(
  unit: string,
  { weights, runtime, identity }: { readonly weights: string; readonly runtime: string; readonly identity: string },
  plan: SweepPlan,
  answers: UnitAnswers & Pick<UnitResult, "same_as">,
): UnitResult {
  return {
    unit,
    weights_sha256: weights,
    identity,
    runtime,
    gguf_type: storedType(plan),
    ...answers,
    scorer_version: SCORER_VERSION,
    scoring_digest: digestOf(plan.manifest.scoring),
  };
}

/** Copies weights to a folder that outlives the sweep, under the name of their unit. */
export async function keepWeights(
  { path }: MaterialisedWeights,
  { point }: PlannedUnit,
  folder: string,
): Promise<void> {
  if (path === "") return;
  const kept = join(folder, `${point.unit}${extname(path) === ".gguf" ? ".gguf" : ""}`);
  try {
    await makeFolder(folder);
    await cp(path, kept, { recursive: true });
  } catch (error) {
    throw describeWriteFailure(error, kept);
  }
}

import { cp, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { describeWriteFailure } from "../../base/atomic-write.ts";
import { digestOf, sha256 } from "../../base/digest.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { writeGguf } from "../../checkpoints/write-gguf.ts";
import { mergeStreams } from "../../merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../merge/write-checkpoint.ts";
import { digestCheckpoint, digestMerge } from "../../merge/write-tensors.ts";
import type { UnitAnswers, UnitResult } from "../../runs/schema.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";
import { streamReader } from "../../tensors/write/tensor-stream.ts";
import { donorOf, type PlannedUnit, type SweepPlan } from "../plan/plan.ts";
import { temporaryName } from "./gguf-folder.ts";

/** The weights of a unit as the runtime can load them. */
export interface MaterialisedWeights {
  /** A GGUF file or a checkpoint folder; empty for a server that has the model already. */
  readonly path: string;
  readonly weightsSha256: string;
  /** Hash of everything that determines the unit's completions. */
  readonly identity: string;
  /** Removes what was made. */
  discard(): Promise<void>;
}

/** Where weights are, and what they are called. */
interface PlacedWeights extends Pick<MaterialisedWeights, "path" | "weightsSha256"> {
  readonly temporary: boolean;
}

/** Puts the weights of a unit where its runtime finds them, and names all that its completions depend on. */
export async function materialise(
  unit: PlannedUnit,
  plan: SweepPlan,
  runtimeBuild: string,
  folder: string,
  signal: AbortSignal,
): Promise<MaterialisedWeights> {
  const donor = donorOf(unit.weights);
  const { path, weightsSha256, temporary } = await place(unit, plan, folder, signal);
  const { tokenizerFiles } = donor;
  const files = await Promise.all(
    tokenizerFiles.names.map(async (name) => [`/${name}`, sha256((await tokenizerFiles.read(name)) ?? "")]),
  );
  const identity = digestOf({
    weights: weightsSha256,
    config: donor.config,
    tokenizer: donor.tokenizer ?? files,
    gguf_type: storedType(plan),
    // How many problems are asked, and how often, changes no completion.
    benchmarks: plan.manifest.benchmarks.map((benchmark) => ({
      ...benchmark,
      samples: undefined,
      attempts: undefined,
    })),
    sampling: plan.settings.sampling,
    seed: plan.settings.seed,
    runtime: runtimeBuild,
    server: plan.server?.identity,
  });
  return {
    path,
    weightsSha256,
    identity,
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
  const path = join(folder, temporaryName(point.unit));
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

/** The type that weights are evaluated in: that of their checkpoint, where a server gets it as it is. */
function storedType({ server, ggufType }: SweepPlan): string {
  return server === undefined || server.weights === "gguf" ? ggufType : "checkpoint";
}

/** @param sameAs the unit that evaluates the same weights already: the same merge is never evaluated twice */
export function resultOf(
  unit: PlannedUnit,
  weights: MaterialisedWeights,
  plan: SweepPlan,
  runtime: string,
  answers: UnitAnswers,
  sameAs: string | null,
): UnitResult {
  return {
    unit: unit.point.unit,
    weights_sha256: weights.weightsSha256,
    identity: weights.identity,
    same_as: sameAs,
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

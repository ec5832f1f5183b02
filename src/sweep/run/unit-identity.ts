import { digestOf, sha256 } from "../../base/digest.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { type FileFingerprint, fingerprintCheckpoint } from "../../checkpoints/fingerprint.ts";
import { digestCheckpoint, digestMerge } from "../../merge/digest-weights.ts";
import { ownName } from "../../merge/methods/own-method.ts";
import {
  benchmarkIdentity,
  type IdentityParts,
  type IdentityPartsV1,
  identityOf,
  identityV1,
} from "../../runs/identity.ts";
import type { PlannedBenchmark } from "../../runs/schema.ts";
import type { OpenedAs } from "../../runs/unit-store.ts";
import { donorOf, type PlannedUnit, type SweepPlan } from "../plan/plan.ts";

/**
 * What a unit's completions are known by, as its inputs are now.
 *
 * @param weights digest of its tensors
 * @param runtime build of the runtime that answers, or has answered
 */
export async function unitIdentity(
  unit: PlannedUnit,
  plan: SweepPlan,
  { weights, runtime }: Pick<IdentityParts, "weights" | "runtime">,
  inputs: readonly FileFingerprint[],
): Promise<OpenedAs> {
  const { config, tokenizer, tokenizerFiles } = donorOf(unit.weights);
  const files = await Promise.all(
    tokenizerFiles.names.map(async (name) => [`/${name}`, sha256((await tokenizerFiles.read(name)) ?? "")]),
  );
  const spoken = tokenizer ?? files;
  const common = {
    weights,
    gguf_type: storedType(plan),
    sampling: plan.settings.sampling,
    seed: plan.settings.seed,
    runtime,
    server: plan.server?.identity,
  };
  const parts: IdentityParts = {
    ...common,
    config: digestOf(config),
    tokenizer: digestOf(spoken),
    merge_method: unit.weights.kind === "merge" ? ownName(unit.weights.merge.method) : undefined,
    date: plan.date,
    context_size: plan.contextSize,
  };
  const old: IdentityPartsV1 = { ...common, config, tokenizer: spoken };
  return {
    identity: identityOf(parts),
    parts: { ...parts },
    benchmarks: Object.fromEntries(plan.manifest.benchmarks.map((one) => [one.name, benchmarkIdentity(one)])),
    inputs: [...inputs],
    identityV1: (benchmarks: readonly PlannedBenchmark[]) => identityV1(old, benchmarks),
  };
}

/** The type that weights are evaluated in: that of their checkpoint, where a server gets it as it is. */
export function storedType({ server, ggufType }: SweepPlan): string {
  return server === undefined || server.weights === "gguf" ? ggufType : "checkpoint";
}

/** The digest of a unit's tensors, made without keeping them. */
export async function unitDigest({ weights }: PlannedUnit, signal: AbortSignal): Promise<string> {
  const { weightsSha256 } =
    weights.kind === "merge"
      ? await digestMerge(weights.merge, { signal })
      : await digestCheckpoint(weights.checkpoint, { signal });
  return weightsSha256;
}

/** The files that units are made from, each checkpoint looked at once. */
export class InputFiles {
  readonly #known = new Map<string, Promise<FileFingerprint[]>>();

  /** Of a unit, in the order of its models. */
  async of({ weights }: Pick<PlannedUnit, "weights">): Promise<FileFingerprint[]> {
    const models =
      weights.kind === "merge" ? [...weights.merge.models.values(), weights.merge.donor] : [weights.checkpoint];
    const all = (await Promise.all(models.map((model) => this.#checkpoint(model)))).flat();
    return [...new Map(all.map((file) => [file.path, file])).values()];
  }

  #checkpoint(checkpoint: Checkpoint): Promise<FileFingerprint[]> {
    const key = JSON.stringify([checkpoint.path, checkpoint.adapterPath]);
    const known = this.#known.get(key) ?? fingerprintCheckpoint(checkpoint);
    this.#known.set(key, known);
    return known;
  }
}

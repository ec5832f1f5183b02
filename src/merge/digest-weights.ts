import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { streamReader, type TensorStream } from "../tensors/write/tensor-stream.ts";
import { type DigestedTensor, tensorsDigest } from "../tensors/write/tensors-digest.ts";
import { digestStreams, type StoreOptions } from "../tensors/write/write-tensor-file.ts";
import type { MergePlan } from "./plan/plan.ts";
import { mergeStreams } from "./run-merge.ts";

/** Weights by their content. */
export interface DigestedWeights {
  /** Names the tensors' names, dtypes, shapes and bytes, whatever file they are in. */
  readonly weightsSha256: string;
  readonly tensors: readonly DigestedTensor[];
}

type DigestOptions = Pick<StoreOptions, "signal" | "onNonFinite">;

/** Merges without keeping the result: what a merge would be called. */
export function digestMerge(plan: MergePlan, options: DigestOptions = {}): Promise<DigestedWeights> {
  return digestWeights(mergeStreams(plan), options);
}

/** Digests a checkpoint's tensors: what its weights are called. */
export function digestCheckpoint(checkpoint: Checkpoint, options: DigestOptions = {}): Promise<DigestedWeights> {
  return digestWeights(streamReader(checkpoint.reader), options);
}

async function digestWeights(streams: readonly TensorStream[], options: DigestOptions): Promise<DigestedWeights> {
  const tensors = await digestStreams(streams, options);
  return { weightsSha256: tensorsDigest(tensors), tensors };
}

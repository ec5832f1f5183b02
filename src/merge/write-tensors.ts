import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { TensorFileLayout } from "../tensors/write/file-layout.ts";
import { streamReader, type TensorStream } from "../tensors/write/tensor-stream.ts";
import { type DigestedTensor, tensorsDigest } from "../tensors/write/tensors-digest.ts";
import { digestStreams, type StoreOptions, writeTensorFile } from "../tensors/write/write-tensor-file.ts";
import type { MergePlan } from "./plan/plan.ts";
import { mergeStreams } from "./run-merge.ts";

/** What was written, by content. */
export interface WrittenWeights {
  /** Names the tensors' names, dtypes, shapes and bytes, whatever file they are in. */
  readonly weightsSha256: string;
  readonly tensors: readonly DigestedTensor[];
}

type WriteOptions = Pick<StoreOptions, "signal" | "onNonFinite">;

/**
 * Merges straight into one file, such as the GGUF that is to be evaluated. The digest is of the merge, before the layout's
 * storage types.
 *
 * @throws WorkError if the disk is full; nothing is left under the name then
 */
export function writeMergedTensors(
  plan: MergePlan,
  layout: TensorFileLayout,
  path: string,
  options: WriteOptions = {},
): Promise<WrittenWeights> {
  return writeTensors(mergeStreams(plan), layout, path, options);
}

/** Merges without keeping the result: what a merge would be called. */
export async function digestMerge(plan: MergePlan, options: WriteOptions = {}): Promise<WrittenWeights> {
  const tensors = await digestStreams(mergeStreams(plan), options);
  return { weightsSha256: tensorsDigest(tensors), tensors };
}

/** Digests a checkpoint's tensors: what its weights are called. */
export async function digestCheckpoint(checkpoint: Checkpoint, options: WriteOptions = {}): Promise<WrittenWeights> {
  const tensors = await digestStreams(streamReader(checkpoint.reader), options);
  return { weightsSha256: tensorsDigest(tensors), tensors };
}

async function writeTensors(
  streams: readonly TensorStream[],
  layout: TensorFileLayout,
  path: string,
  options: WriteOptions,
): Promise<WrittenWeights> {
  const tensors = await writeTensorFile(path, layout, streams, options);
  return { weightsSha256: tensorsDigest(tensors), tensors };
}

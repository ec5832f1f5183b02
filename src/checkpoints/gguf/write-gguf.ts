import type { TensorStream } from "../../tensors/write/tensor-stream.ts";
import { tensorsDigest } from "../../tensors/write/tensors-digest.ts";
import { type StoreOptions, writeTensorFile } from "../../tensors/write/write-tensor-file.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { type GgufOptions, type GgufType, layoutCheckpointGguf } from "./gguf-layout.ts";

interface WriteGgufOptions extends Pick<StoreOptions, "signal" | "onStored" | "onNonFinite">, GgufOptions {
  /** Called before anything is written, with what a person should know of the checkpoint. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Writes tensors as a GGUF file with the config and tokenizer of a checkpoint, tensor by tensor as they come. The file
 * appears by one rename.
 *
 * @param streams the checkpoint's own tensors, or merged ones of the same names and shapes
 * @returns the digest of the tensors as they came, before conversion: equal weights have equal digests in every type
 * @throws InputError if they make no model; WorkError if the disk is full
 */
export async function writeGguf(
  path: string,
  checkpoint: Checkpoint,
  streams: readonly TensorStream[],
  type: GgufType,
  options: WriteGgufOptions = {},
): Promise<string> {
  const layout = await layoutCheckpointGguf(checkpoint, streams, type, options);
  for (const note of layout.notes) options.onNote?.(note);
  return tensorsDigest(await writeTensorFile(path, layout, streams, options));
}

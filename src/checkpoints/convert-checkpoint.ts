import { checkNewFile } from "../base/files/new-path.ts";
import type { FetchModelOptions } from "../hub/fetch-model.ts";
import { streamReader } from "../tensors/write/tensor-stream.ts";
import type { StoreOptions } from "../tensors/write/write-tensor-file.ts";
import type { GgufType } from "./gguf/gguf-layout.ts";
import { writeGguf } from "./gguf/write-gguf.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

/** How a checkpoint is converted. */
export interface ConvertOptions extends Pick<StoreOptions, "signal" | "onStored" | "onNonFinite"> {
  /** Type of the weights; norms and biases stay f32. @default "bf16" */
  readonly type?: GgufType | undefined;
  /** Fields of config.json that may be lost where llama.cpp does not know them. */
  readonly allowUnknown?: readonly string[] | undefined;
  /** Told what a person should know of the result though it stops nothing. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Told, before the first tensor, how many there are. */
  readonly onOpened?: ((tensors: number) => void) | undefined;
  /** How a model of the hub is fetched. */
  readonly downloads?: FetchModelOptions | undefined;
}

/** A GGUF file that was made. */
export interface ConvertedCheckpoint {
  readonly out: string;
  readonly type: GgufType;
  /** How many tensors the checkpoint has. */
  readonly tensors: number;
  /** Digest of the tensors as the checkpoint has them: equal weights have equal digests in every type. */
  readonly weightsSha256: string;
}

/**
 * Converts a checkpoint to GGUF, as llama.cpp loads it.
 *
 * @param model a folder, a GGUF file, or `org/name[@revision]` of the hub; behind a `+`, a LoRA adapter
 * @param out the file to make
 * @throws InputError if the file is there already, or the checkpoint cannot be read or would be another model in llama.cpp
 * @throws WorkError if the disk is full, the hub cannot be reached, or weights are not finite and `onNonFinite` is left out
 */
export async function convertCheckpoint(
  model: string,
  out: string,
  { type = "bf16", downloads, onOpened, ...options }: ConvertOptions = {},
): Promise<ConvertedCheckpoint> {
  await checkNewFile(out);
  const checkpoint = await openCheckpoint(model, { signal: options.signal, ...downloads });
  try {
    const streams = streamReader(checkpoint.reader);
    onOpened?.(streams.length);
    const weightsSha256 = await writeGguf(out, checkpoint, streams, type, options);
    return { out, type, tensors: streams.length, weightsSha256 };
  } finally {
    await checkpoint.close();
  }
}

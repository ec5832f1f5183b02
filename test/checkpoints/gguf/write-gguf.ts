import type { Checkpoint } from "../../../src/checkpoints/checkpoint.ts";
import { type GgufType, layoutCheckpointGguf } from "../../../src/checkpoints/gguf/gguf-layout.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { streamReader } from "../../../src/tensors/write/tensor-stream.ts";
import { writeTensorFile } from "../../../src/tensors/write/write-tensor-file.ts";

/** Converts a checkpoint folder to a GGUF file. */
export async function writeGguf(folder: string, path: string, type: GgufType): Promise<void> {
  const checkpoint: Checkpoint = await openCheckpoint(folder);
  try {
    const layout = await layoutCheckpointGguf(checkpoint, [...checkpoint.reader.tensors.values()], type);
    await writeTensorFile(path, layout, streamReader(checkpoint.reader));
  } finally {
    await checkpoint.close();
  }
}

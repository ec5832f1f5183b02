import { join } from "node:path";
import { writeGguf } from "../../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { streamReader } from "../../../src/tensors/write/tensor-stream.ts";
import { projectRoot } from "../shared.ts";

/** Converts a pocket checkpoint to a BF16 GGUF in the folder; returns its path. */
export async function pocketGguf(name: "base" | "len" | "accfmt", folder: string): Promise<string> {
  const path = join(folder, `${name}.gguf`);
  const checkpoint = await openCheckpoint(join(projectRoot, "checkpoints/pocket", name));
  try {
    await writeGguf(path, checkpoint, streamReader(checkpoint.reader), "bf16");
  } finally {
    await checkpoint.close();
  }
  return path;
}

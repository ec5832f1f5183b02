import { basename, dirname } from "node:path";
import { openSafetensorsFile } from "../../../src/safetensors/open-folder.ts";
import { openFileFolder } from "../../../src/tensors/file-folder.ts";
import type { TensorReader } from "../../../src/tensors/tensor-reader.ts";

/** Opens a safetensors file by its path. */
export async function openWeights(path: string): Promise<TensorReader> {
  return await openSafetensorsFile(await openFileFolder(dirname(path)), basename(path));
}

import { InputError } from "../base/errors.ts";
import { MAX_TENSORS } from "./read-header.ts";
import { parseUniqueJson } from "./unique-json.ts";

/** The index of a 100,000-tensor checkpoint is about 10 MB. */
export const MAX_INDEX_BYTES = 100_000_000;
/** The largest published checkpoints have below 300 shards; each holds an open file. */
const MAX_SHARDS = 2_000;

/**
 * Reads the content of `model.safetensors.index.json`: tensor name -> file name of its shard.
 *
 * @param path what to call it in errors
 * @throws InputError if it is malformed, or names a file that is not plainly in the same folder
 */
export function parseSafetensorsIndex(bytes: Uint8Array, path: string): ReadonlyMap<string, string> {
  const { weight_map: weightMap } = parseUniqueJson(new TextDecoder().decode(bytes), path, 2);
  if (weightMap === null || typeof weightMap !== "object" || Array.isArray(weightMap)) {
    throw new InputError(
      `${path}: expected "weight_map" to be an object, found ${JSON.stringify(weightMap) ?? "none"}`,
    );
  }
  const shards = new Map<string, string>();
  for (const [name, file] of Object.entries(weightMap)) {
    if (typeof file !== "string" || !/^[^/\\\0:]+\.safetensors$/.test(file)) {
      throw new InputError(
        `${path}: tensor ${JSON.stringify(name)}: expected the name of a .safetensors file in the same folder, ` +
          `found ${JSON.stringify(file)}`,
      );
    }
    shards.set(name, file);
  }
  const count = new Set(shards.values()).size;
  if (shards.size === 0) throw new InputError(`${path}: expected tensors in "weight_map", found none`);
  if (shards.size > MAX_TENSORS || count > MAX_SHARDS) {
    throw new InputError(
      `${path}: expected at most ${MAX_TENSORS} tensors in ${MAX_SHARDS} shards, found ${shards.size} in ${count}`,
    );
  }
  return shards;
}

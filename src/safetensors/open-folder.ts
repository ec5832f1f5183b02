import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError, messageOf, systemCodeOf } from "../base/errors.ts";
import { checkInsideFolder } from "../base/files/inside-folder.ts";
import type { ByteSource } from "../tensors/byte-source.ts";
import { openFileSource } from "../tensors/file-source.ts";
import type { StoredTensor, TensorReader } from "../tensors/tensor-reader.ts";
import { readSafetensorsHeader } from "./read-header.ts";
import { readSafetensorsIndex } from "./read-index.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/**
 * Opens the weights of a checkpoint folder: `model.safetensors`, or the shards of `model.safetensors.index.json`. If there
 * are both, the single file wins, as in transformers. Every header is read and checked; no tensor is.
 *
 * @throws InputError if there are none, or if they are malformed or do not fit the index
 */
export async function openSafetensorsFolder(folder: string): Promise<TensorReader> {
  const names = await listFolder(folder);
  if (names.includes(SINGLE)) return openShards(folder, [SINGLE], undefined);
  if (names.includes(INDEX)) {
    await checkInsideFolder(folder, join(folder, INDEX));
    const weightMap = await readSafetensorsIndex(join(folder, INDEX));
    return openShards(folder, [...new Set(weightMap.values())], weightMap);
  }
  const pickle = names.find((name) => /\.(bin|pth?|pkl|ckpt)$/.test(name));
  throw new InputError(`${folder}: expected ${SINGLE} or ${INDEX}, found neither`, {
    hint:
      pickle === undefined
        ? "Name the folder that holds the weights in safetensors form."
        : `${pickle} is a pickle, which can run code when it is read, and is not supported: convert it to safetensors.`,
  });
}

/**
 * What a person should know of a folder with two sets of weights, such as an old one that another was written into.
 * @param names of what is in the folder
 */
export function weightsNote(names: readonly string[]): string | undefined {
  if (!names.includes(SINGLE) || !names.includes(INDEX)) return undefined;
  return `there are both ${SINGLE} and ${INDEX}: the single file is read, as in transformers; mergekit reads the shards`;
}

/** Opens one safetensors file. */
export async function openSafetensorsFile(path: string): Promise<TensorReader> {
  return new SafetensorsReader(...(await openFile(path)));
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const found = systemCodeOf(error) === "ENOENT" ? "none" : messageOf(error);
    throw new InputError(`Expected a checkpoint folder ${folder}, found ${found}`, { cause: error });
  }
}

async function openShards(
  folder: string,
  files: readonly string[],
  weightMap: ReadonlyMap<string, string> | undefined,
): Promise<TensorReader> {
  const sources = new Map<string, ByteSource>();
  const tensors = new Map<string, StoredTensor>();
  const reader = new SafetensorsReader(sources, tensors);
  try {
    for (const file of files) {
      const path = join(folder, file);
      await checkInsideFolder(folder, path);
      const [opened, found] = await openFile(path);
      for (const [name, source] of opened) sources.set(name, source);
      for (const tensor of found.values()) {
        const other = tensors.get(tensor.name);
        if (other !== undefined) {
          throw new InputError(
            `Expected every tensor once, found ${JSON.stringify(tensor.name)} in ${other.file} and ${tensor.file}`,
          );
        }
        tensors.set(tensor.name, tensor);
      }
    }
    if (weightMap !== undefined) checkAgainstIndex(folder, weightMap, tensors);
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function openFile(path: string): Promise<[Map<string, ByteSource>, Map<string, StoredTensor>]> {
  const source = await openFileSource(path);
  try {
    const { tensors } = await readSafetensorsHeader(source);
    return [new Map([[path, source]]), new Map(tensors.map((tensor) => [tensor.name, tensor]))];
  } catch (error) {
    await source.close();
    throw error;
  }
}

function checkAgainstIndex(
  folder: string,
  weightMap: ReadonlyMap<string, string>,
  tensors: Map<string, StoredTensor>,
): void {
  for (const [name, file] of weightMap) {
    const path = join(folder, file);
    if (tensors.get(name)?.file !== path) {
      throw new InputError(
        `${join(folder, INDEX)}: expected tensor ${JSON.stringify(name)} in ${file}, found none there`,
        {
          hint: "Index and shards are not of the same checkpoint: fetch it again.",
        },
      );
    }
  }
  for (const name of tensors.keys()) if (!weightMap.has(name)) tensors.delete(name);
}

class SafetensorsReader implements TensorReader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly #sources: ReadonlyMap<string, ByteSource>;

  constructor(sources: ReadonlyMap<string, ByteSource>, tensors: ReadonlyMap<string, StoredTensor>) {
    this.#sources = sources;
    this.tensors = tensors;
  }

  async read(name: string, start: number, into: Uint8Array): Promise<void> {
    const tensor = this.tensors.get(name);
    const source = tensor && this.#sources.get(tensor.file);
    if (tensor === undefined || source === undefined) throw new InputError(`Expected a tensor ${name}, found none`);
    if (start < 0 || start + into.byteLength > tensor.byteLength) {
      throw new RangeError(`${name}: bytes ${start} + ${into.byteLength} are outside its ${tensor.byteLength}`);
    }
    await source.read(tensor.position + start, into);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#sources.values(), (source) => source.close()));
  }
}

import { InputError } from "../base/errors.ts";
import type { ByteSource } from "../tensors/byte-source.ts";
import type { FileFolder } from "../tensors/file-folder.ts";
import type { StoredTensor, TensorReader } from "../tensors/tensor-reader.ts";
import { readSafetensorsHeader } from "./read-header.ts";
import { MAX_INDEX_BYTES, parseSafetensorsIndex } from "./read-index.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/**
 * Opens the weights of a checkpoint folder: `model.safetensors`, or the shards of `model.safetensors.index.json`. If there
 * are both, the single file wins, as in transformers. Every header is read and checked; no tensor is.
 *
 * @throws InputError if there are none, or if they are malformed or do not fit the index
 */
export async function openSafetensorsFolder(folder: FileFolder): Promise<TensorReader> {
  const { names, path } = folder;
  if (names.includes(SINGLE)) return openShards(folder, [SINGLE], undefined);
  const index = await folder.readFile(INDEX, MAX_INDEX_BYTES);
  if (index !== undefined) {
    const weightMap = parseSafetensorsIndex(index, `${path}/${INDEX}`);
    return openShards(folder, [...new Set(weightMap.values())], weightMap);
  }
  const pickle = names.find(isPickle);
  throw new InputError(`${path}: expected ${SINGLE} or ${INDEX}, found neither`, {
    hint:
      pickle === undefined
        ? "Name the folder that holds the weights in safetensors form."
        : `${pickle} is a pickle, which can run code when it is read, and is not supported: convert it to safetensors.`,
  });
}

/** Whether a file is a pickle by its name: weights that can run code when they are read. */
export function isPickle(name: string): boolean {
  return /\.(bin|pth?|pkl|ckpt)$/i.test(name);
}

/**
 * What a person should know of a folder with two sets of weights, such as an old one that another was written into.
 * @param names of what is in the folder
 */
export function weightsNote(names: readonly string[]): string | undefined {
  if (!names.includes(SINGLE) || !names.includes(INDEX)) return undefined;
  return `there are both ${SINGLE} and ${INDEX}: the single file is read, as in transformers; mergekit reads the shards`;
}

/** Opens one safetensors file of a folder. */
export async function openSafetensorsFile(folder: FileFolder, name: string): Promise<TensorReader> {
  return openShards(folder, [name], undefined);
}

async function openShards(
  folder: FileFolder,
  files: readonly string[],
  weightMap: ReadonlyMap<string, string> | undefined,
): Promise<TensorReader> {
  const sources = new Map<string, ByteSource>();
  const tensors = new Map<string, StoredTensor>();
  const shards = new Map<string, string>();
  const reader = new SafetensorsReader(sources, tensors);
  try {
    for (const file of files) {
      const source = await folder.openFile(file);
      sources.set(source.name, source);
      for (const tensor of (await readSafetensorsHeader(source)).tensors) {
        const other = tensors.get(tensor.name);
        if (other !== undefined) {
          throw new InputError(
            `Expected every tensor once, found ${JSON.stringify(tensor.name)} in ${other.file} and ${tensor.file}`,
          );
        }
        tensors.set(tensor.name, tensor);
        shards.set(tensor.name, file);
      }
    }
    if (weightMap !== undefined) checkAgainstIndex(folder, weightMap, shards);
    for (const name of tensors.keys()) if (weightMap?.has(name) === false) tensors.delete(name);
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** @param shards the file that each tensor was found in */
function checkAgainstIndex(
  { path }: FileFolder,
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, string>,
): void {
  for (const [name, file] of weightMap) {
    if (shards.get(name) === file) continue;
    throw new InputError(`${path}/${INDEX}: expected tensor ${JSON.stringify(name)} in ${file}, found none there`, {
      hint: "Index and shards are not of the same checkpoint: fetch it again.",
    });
  }
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

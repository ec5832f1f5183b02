import { InputError } from "../../base/errors.ts";
import type { ByteSource } from "../../tensors/byte-source.ts";
import type { ReadableTensor, TensorReader } from "../../tensors/tensor-reader.ts";
import type { TensorChange } from "../../tensors/write/file-layout.ts";
import { separateHalves } from "../../tensors/write/tensor-change.ts";

/** A tensor of a GGUF file under its Hugging Face name. */
export interface StoredGgufTensor {
  readonly name: string;
  readonly dtype: "F32" | "F16" | "BF16";
  readonly shape: readonly number[];
  readonly file: string;
  readonly position: number;
  readonly byteLength: number;
  /** What GGUF did to its elements; reading undoes it. */
  readonly change: TensorChange | undefined;
}

/**
 * Reads the tensors of a GGUF file as the checkpoint has them that it was made from. Rows come back as they were; numbers
 * that were added to are exact to F32's place at 1, which is all that the file keeps.
 */
export class GgufTensorReader implements TensorReader {
  readonly tensors: ReadonlyMap<string, ReadableTensor>;
  readonly #stored: ReadonlyMap<string, StoredGgufTensor>;
  readonly #source: ByteSource;

  /** @throws InputError if a tensor cannot have been changed so */
  constructor(source: ByteSource, stored: ReadonlyMap<string, StoredGgufTensor>) {
    for (const tensor of stored.values()) checkChange(tensor);
    this.#source = source;
    this.#stored = stored;
    this.tensors = new Map(Array.from(stored, ([name, tensor]) => [name, readable(tensor)]));
  }

  async read(name: string, start: number, into: Uint8Array): Promise<void> {
    const tensor = this.#stored.get(name);
    if (tensor === undefined) throw new InputError(`Expected a tensor ${name}, found none`);
    if (start < 0 || start + into.byteLength > tensor.byteLength) {
      throw new RangeError(`${name}: bytes ${start} + ${into.byteLength} are outside its ${tensor.byteLength}`);
    }
    if (tensor.change?.kind === "rotary") {
      await this.#readRows(tensor, tensor.change.heads, start, into);
      return;
    }
    await this.#source.read(tensor.position + start, into);
    if (tensor.change?.kind === "add") subtract(into, tensor.change.value);
  }

  /** Reads the heads that the bytes are in, and puts the rows of each back in order. */
  async #readRows(tensor: StoredGgufTensor, heads: number, start: number, into: Uint8Array): Promise<void> {
    const headBytes = tensor.byteLength / heads;
    const rowBytes = tensor.byteLength / (tensor.shape[0] ?? 1);
    const head = new Uint8Array(headBytes);
    for (let at = 0; at < into.byteLength; ) {
      const inside = (start + at) % headBytes;
      await this.#source.read(tensor.position + start + at - inside, head);
      const part = separateHalves(head, rowBytes).subarray(inside, inside + into.byteLength - at);
      into.set(part, at);
      at += part.byteLength;
    }
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}

function readable({ change, ...stored }: StoredGgufTensor): ReadableTensor {
  const { name, dtype, shape, byteLength } = stored;
  return change === undefined ? stored : { name, dtype, shape, byteLength };
}

function checkChange({ name, dtype, shape, file, change }: StoredGgufTensor): void {
  const [rows = 0] = shape;
  if (change?.kind === "rotary" && rows % (2 * change.heads) !== 0) {
    throw new InputError(`${file}: tensor ${name}: expected an even number of rows a head, found ${rows} rows in all`);
  }
  if (change?.kind === "add" && dtype !== "F32") {
    throw new InputError(`${file}: tensor ${name}: expected F32, as llama.cpp wants norms, found ${dtype}`);
  }
}

function subtract(bytes: Uint8Array, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += 4) view.setFloat32(at, view.getFloat32(at, true) - value, true);
}

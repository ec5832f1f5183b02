import { alignUp } from "../base/bytes.ts";
import { elementCount } from "../tensors/tensor-info.ts";
import type { StorageType, TensorChange, TensorFileLayout, TensorPlacement } from "../tensors/write/file-layout.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  DEFAULT_ALIGNMENT,
  GGML_TYPES,
  MAGIC,
  MAX_DIMENSIONS,
  MAX_TENSOR_NAME_BYTES,
  VALUE_TYPES,
  VERSION,
} from "./constants.ts";
import type { GgufMetadata, GgufValue } from "./metadata.ts";

/** A tensor of a GGUF file: what it is called there, how it is stored, and where its elements come from. */
export interface GgufTensor {
  readonly name: string;
  readonly storage: StorageType;
  /** Row-major, slowest dimension first, as in PyTorch; the file has it reversed. */
  readonly shape: readonly number[];
  /** The source's name of the tensor, and how its elements are changed; or the bytes themselves, for a small constant. */
  readonly from: { readonly source: string; readonly change?: TensorChange } | { readonly bytes: Uint8Array };
}

/**
 * The header of a GGUF file and the place of each tensor: pure, the same bytes for the same arguments. Constants come
 * first and are part of the header; the other tensors follow in the order given.
 * @throws RangeError if a tensor cannot be written so: too many dimensions, rows that are no whole blocks, a long name
 */
export function layoutGguf(metadata: GgufMetadata, tensors: readonly GgufTensor[]): TensorFileLayout {
  const ordered = tensors.toSorted((a, b) => Number("source" in a.from) - Number("source" in b.from));
  const writer = new ByteWriter();
  writer.bytes(new TextEncoder().encode(MAGIC));
  writer.uint32(VERSION);
  writer.uint64(BigInt(ordered.length));
  writer.uint64(BigInt(metadata.size));
  for (const [key, value] of metadata) {
    writer.string(key);
    writeValue(writer, value);
  }
  let offset = 0;
  const offsets = ordered.map((tensor) => {
    const own = offset;
    writeTensorInfo(writer, tensor, own);
    offset = alignUp(own + storedBytes(tensor), DEFAULT_ALIGNMENT);
    return own;
  });
  writer.align(DEFAULT_ALIGNMENT);
  const dataStart = writer.length;
  const placements: TensorPlacement[] = [];
  for (const [i, tensor] of ordered.entries()) {
    const { from, storage, shape } = tensor;
    if ("bytes" in from) {
      writer.bytes(from.bytes);
      writer.align(DEFAULT_ALIGNMENT);
      continue;
    }
    const position = dataStart + (offsets[i] ?? 0);
    placements.push({ ...from, storage, shape, position, byteLength: storedBytes(tensor) });
  }
  return { header: writer.take(), byteLength: dataStart + offset, placements };
}

/** The bytes that a tensor takes in the file, without the padding after it. */
function storedBytes({ name, storage, shape }: Pick<GgufTensor, "name" | "storage" | "shape">): number {
  const { blockElements, blockBytes } = GGML_TYPES[storage];
  const row = shape.at(-1) ?? 1;
  if (row % blockElements !== 0) {
    throw new RangeError(
      `${name}: rows of ${row} elements cannot be stored as ${storage}, in blocks of ${blockElements}`,
    );
  }
  return (elementCount(shape) / blockElements) * blockBytes;
}

function writeTensorInfo(writer: ByteWriter, tensor: GgufTensor, offset: number): void {
  const { name, shape, storage } = tensor;
  if (Buffer.byteLength(name) > MAX_TENSOR_NAME_BYTES) {
    throw new RangeError(`${name}: expected a tensor name of at most ${MAX_TENSOR_NAME_BYTES} bytes`);
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw new RangeError(`${name}: expected at most ${MAX_DIMENSIONS} dimensions, found ${shape.length}`);
  }
  writer.string(name);
  writer.uint32(shape.length);
  for (const size of shape.toReversed()) writer.uint64(BigInt(size));
  writer.uint32(GGML_TYPES[storage].number);
  writer.uint64(BigInt(offset));
}

function writeValue(writer: ByteWriter, value: GgufValue): void {
  writer.uint32(VALUE_TYPES[value.type]);
  if (value.type !== "array") {
    writer.scalar(value.type, value.value);
    return;
  }
  writer.uint32(VALUE_TYPES[value.of]);
  writer.uint64(BigInt(value.values.length));
  for (const item of value.values) writer.scalar(value.of, item);
}

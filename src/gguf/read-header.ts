import { alignUp } from "../base/bytes.ts";
import { InputError } from "../base/errors.ts";
import type { ByteSource } from "../tensors/byte-source.ts";
import { ByteReader, HeaderCutShort } from "./byte-reader.ts";
import {
  DEFAULT_ALIGNMENT,
  GGML_TYPES,
  MAGIC,
  MAX_ALIGNMENT,
  MAX_ARRAY_LENGTH,
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  MAX_KEY_BYTES,
  MAX_METADATA_KEYS,
  MAX_STRING_BYTES,
  MAX_TENSOR_NAME_BYTES,
  MAX_TENSORS,
  READABLE_VERSIONS,
  type ScalarType,
  VALUE_TYPES,
  type ValueType,
} from "./constants.ts";
import { type GgufMetadata, type GgufScalar, type GgufValue, numberAt } from "./metadata.ts";

/** A tensor of a GGUF file: unquantised, inside the file, and overlapping no other. */
interface StoredGgufTensor {
  readonly name: string;
  readonly dtype: "F32" | "F16" | "BF16";
  /** Row-major, slowest dimension first. */
  readonly shape: readonly number[];
  readonly position: number;
  readonly byteLength: number;
}

export interface GgufHeader {
  readonly metadata: GgufMetadata;
  /** In the order of the header. */
  readonly tensors: readonly StoredGgufTensor[];
}

/** Enough for a header with a vocabulary of some 30,000 tokens; more is read when it does not suffice. */
const FIRST_READ_BYTES = 2 * 1024 * 1024;

/**
 * Reads and checks the header of a GGUF file: nothing it says is used before it is known to fit the file.
 * @throws InputError if it is malformed, cut short, or has quantised tensors
 */
export async function readGgufHeader(source: ByteSource): Promise<GgufHeader> {
  const most = Math.min(source.byteLength, MAX_HEADER_BYTES);
  for (let length = Math.min(FIRST_READ_BYTES, most); ; length = Math.min(length * 4, most)) {
    const bytes = new Uint8Array(length);
    await source.read(0, bytes);
    try {
      return parseHeader(bytes, source);
    } catch (error) {
      if (!(error instanceof HeaderCutShort)) throw error;
      if (length < most) continue;
      throw new InputError(`${source.name}: the GGUF header does not end within ${most} bytes`, {
        hint: "The file is truncated: fetch or make it again.",
        cause: error,
      });
    }
  }
}

function parseHeader(bytes: Uint8Array, source: ByteSource): GgufHeader {
  const where = source.name;
  const reader = new ByteReader(bytes, where);
  const magic = String.fromCharCode(...reader.bytes(4));
  if (magic !== MAGIC) {
    throw new InputError(`${where}: expected a GGUF file, found one that begins with ${JSON.stringify(magic)}`);
  }
  const version = reader.uint32();
  if (!READABLE_VERSIONS.includes(version)) {
    throw new InputError(`${where}: expected GGUF version ${READABLE_VERSIONS.join(" or ")}, found ${version}`);
  }
  const tensorCount = reader.size(MAX_TENSORS, "the number of tensors");
  const keyCount = reader.size(MAX_METADATA_KEYS, "the number of metadata keys");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = reader.string(MAX_KEY_BYTES, "a metadata key");
    if (metadata.has(key)) throw new InputError(`${where}: metadata key ${JSON.stringify(key)} occurs twice`);
    metadata.set(key, readValue(reader, key, where));
  }
  const infos = Array.from({ length: tensorCount }, () => readTensorInfo(reader, where));
  const dataStart = alignUp(reader.position, readAlignment(metadata, where));
  const alignment = readAlignment(metadata, where);
  const names = new Set<string>();
  const tensors = infos.map(({ offset, ...info }): StoredGgufTensor => {
    if (names.has(info.name)) throw new InputError(`${where}: tensor ${JSON.stringify(info.name)} occurs twice`);
    names.add(info.name);
    if (offset % alignment !== 0) {
      throw new InputError(
        `${where}: tensor ${info.name}: expected an offset in steps of ${alignment}, found ${offset}`,
      );
    }
    return { ...info, position: dataStart + offset };
  });
  checkExtents(tensors, source);
  return { metadata, tensors };
}

function readValue(reader: ByteReader, key: string, where: string): GgufValue {
  const what = `metadata ${JSON.stringify(key)}`;
  const type = readValueType(reader, what, where);
  if (type !== "array") return scalarValue(type, reader.scalar(type, MAX_STRING_BYTES, what));
  const of = readValueType(reader, what, where);
  if (of === "array") throw new InputError(`${where}: ${what}: lists of lists are not supported`);
  const length = reader.size(MAX_ARRAY_LENGTH, `the length of ${what}`);
  const values: GgufScalar[] = [];
  // Pushed one by one: a false length must not allocate before the bytes are seen.
  for (let i = 0; i < length; i++) values.push(reader.scalar(of, MAX_STRING_BYTES, what));
  return { type: "array", of, values };
}

const TYPE_NAMES: readonly ValueType[] = Object.keys(VALUE_TYPES).filter(
  (name): name is ValueType => name in VALUE_TYPES,
);

function readValueType(reader: ByteReader, what: string, where: string): ValueType {
  const number = reader.uint32();
  const type = TYPE_NAMES.find((name) => VALUE_TYPES[name] === number);
  if (type === undefined) throw new InputError(`${where}: ${what}: there is no value type ${number}`);
  return type;
}

function scalarValue(type: ScalarType, value: GgufScalar): GgufValue {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "bigint") return { type: type === "int64" ? "int64" : "uint64", value };
  if (type === "string" || type === "bool" || type === "uint64" || type === "int64") {
    throw new TypeError(`a ${type} was read as a number`);
  }
  return { type, value };
}

const DTYPES = ["F32", "F16", "BF16"] as const;

function readTensorInfo(
  reader: ByteReader,
  where: string,
): Omit<StoredGgufTensor, "position"> & { readonly offset: number } {
  const name = reader.string(MAX_TENSOR_NAME_BYTES, "a tensor name");
  const dimensions = reader.uint32();
  if (dimensions > MAX_DIMENSIONS) {
    throw new InputError(
      `${where}: tensor ${name}: expected at most ${MAX_DIMENSIONS} dimensions, found ${dimensions}`,
    );
  }
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) shape.unshift(reader.size(Number.MAX_SAFE_INTEGER, `a size of tensor ${name}`));
  const type = reader.uint32();
  const dtype = DTYPES.find((candidate) => GGML_TYPES[candidate].number === type);
  if (dtype === undefined) {
    throw new InputError(`${where}: tensor ${name}: expected F32, F16 or BF16, found ggml type ${type}`, {
      hint: "Quantised weights cannot be merged: use the F16 or BF16 file of the model.",
    });
  }
  // Exact in bigint: hostile sizes multiply to more than a number can hold.
  const byteLength = shape.reduce((bytes, size) => bytes * BigInt(size), BigInt(GGML_TYPES[dtype].blockBytes));
  if (byteLength > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InputError(`${where}: tensor ${name}: shape [${shape.join(", ")}] is absurdly large`);
  }
  const offset = reader.size(Number.MAX_SAFE_INTEGER, `the offset of tensor ${name}`);
  return { name, dtype, shape, byteLength: Number(byteLength), offset };
}

function readAlignment(metadata: GgufMetadata, where: string): number {
  const alignment = numberAt(metadata, "general.alignment") ?? DEFAULT_ALIGNMENT;
  if (Number.isInteger(Math.log2(alignment)) && alignment >= 1 && alignment <= MAX_ALIGNMENT) return alignment;
  throw new InputError(`${where}: expected general.alignment to be a power of two, found ${alignment}`);
}

function checkExtents(tensors: readonly StoredGgufTensor[], source: ByteSource): void {
  let end = 0;
  let before = "";
  for (const { name, position, byteLength } of tensors.toSorted((a, b) => a.position - b.position)) {
    if (position < end) throw new InputError(`${source.name}: tensors ${before} and ${name} overlap`);
    end = position + byteLength;
    before = name;
    if (end > source.byteLength) {
      throw new InputError(
        `${source.name}: tensor ${name} ends at byte ${end}, the file has ${source.byteLength}: it is truncated`,
        { hint: "Fetch or make the file again." },
      );
    }
  }
}

import { InputError } from "../base/errors.ts";
import type { ByteSource } from "../tensors/byte-source.ts";
import { dtypeBytes, isDtype } from "../tensors/dtype.ts";
import type { StoredTensor } from "../tensors/tensor-reader.ts";
import { parseUniqueJson } from "./unique-json.ts";

/** The format's own limit for the header; real ones are 50 KB (a 1.5B model) to 2 MB (a large mixture of experts). */
const MAX_HEADER_BYTES = 100_000_000;
/** The largest published checkpoints have below 100,000 tensors. */
export const MAX_TENSORS = 1_000_000;
/** PyTorch itself stops at 64; weights have up to 5. */
const MAX_DIMENSIONS = 16;

/** What a safetensors file says of itself. */
export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  /** The `__metadata__` entry. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads and checks the header of a safetensors file: nothing it says is used before it is known to fit the file. As the
 * reference implementation does, the tensors must cover the data without gap or overlap.
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @throws InputError naming the file and the tensor
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const where = source.name;
  if (source.byteLength < 8) {
    throw new InputError(`${where}: expected a safetensors file (8 bytes or more), found ${source.byteLength} bytes`, {
      hint: TRUNCATED_HINT,
    });
  }
  const prefix = new Uint8Array(8);
  await source.read(0, prefix);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new InputError(
      `${where}: expected a safetensors header of at most ${MAX_HEADER_BYTES} bytes, found a length of ${length}`,
      { hint: "This is no safetensors file, or its start is damaged." },
    );
  }
  const headerBytes = Number(length);
  if (8 + headerBytes > source.byteLength) {
    throw new InputError(
      `${where}: the header needs ${8 + headerBytes} bytes, the file has ${source.byteLength}: it is truncated`,
      { hint: TRUNCATED_HINT },
    );
  }
  const bytes = new Uint8Array(headerBytes);
  await source.read(8, bytes);
  const header = parseUniqueJson(decodeUtf8(bytes, where), `${where}: header`, 1);

  const tensors: StoredTensor[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  const dataStart = 8 + headerBytes;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") metadata = checkMetadata(entry, where);
    else tensors.push(checkTensor(name, entry, where, dataStart));
  }
  if (tensors.length > MAX_TENSORS) {
    throw new InputError(`${where}: expected at most ${MAX_TENSORS} tensors, found ${tensors.length}`);
  }
  tensors.sort((a, b) => a.position - b.position || a.byteLength - b.byteLength);
  checkCoverage(tensors, where, dataStart, source.byteLength);
  return { tensors, metadata };
}

const TRUNCATED_HINT = "Fetch or make the file again.";

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${where}: expected a header in UTF-8, found other bytes`, { cause: error });
  }
}

function checkMetadata(entry: unknown, where: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (entry === null || typeof entry !== "object" || Array.isArray(entry)) {
    throw new InputError(`${where}: expected __metadata__ to be an object, found ${JSON.stringify(entry)}`);
  }
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== "string") {
      throw new InputError(`${where}: expected __metadata__ ${JSON.stringify(key)} to be text, found ${typeof value}`);
    }
    metadata.set(key, value);
  }
  return metadata;
}

function checkTensor(name: string, entry: unknown, where: string, dataStart: number): StoredTensor {
  const at = `${where}: tensor ${JSON.stringify(name)}`;
  if (entry === null || typeof entry !== "object" || Array.isArray(entry)) {
    throw new InputError(`${at}: expected an object, found ${JSON.stringify(entry)}`);
  }
  const { dtype, shape, data_offsets: offsets }: { dtype?: unknown; shape?: unknown; data_offsets?: unknown } = entry;
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    throw new InputError(`${at}: expected a known dtype, found ${JSON.stringify(dtype)}`, {
      hint: "Quantized checkpoints cannot be merged: use the F32, F16 or BF16 weights.",
    });
  }
  if (!isSizes(shape)) {
    throw new InputError(`${at}: expected a shape of whole numbers from 0 on, found ${JSON.stringify(shape)}`);
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw new InputError(`${at}: expected a shape of at most ${MAX_DIMENSIONS} sizes, found ${shape.length}`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new InputError(`${at}: expected data_offsets [begin, end], found ${JSON.stringify(offsets)}`);
  }
  const [begin = 0, end = 0] = offsets;
  const byteLength = shape.reduce((product, size) => product * size, dtypeBytes(dtype));
  if (!Number.isSafeInteger(byteLength) || end - begin !== byteLength) {
    throw new InputError(
      `${at}: expected ${byteLength} bytes for ${dtype} [${shape.join(", ")}], found data_offsets [${begin}, ${end}]`,
    );
  }
  return { name, dtype, shape, file: where, position: dataStart + begin, byteLength };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function checkCoverage(tensors: readonly StoredTensor[], where: string, dataStart: number, fileBytes: number): void {
  let end = dataStart;
  for (const tensor of tensors) {
    if (tensor.position !== end) {
      const fault = tensor.position < end ? "overlaps the tensor before it" : "leaves a gap before it";
      throw new InputError(
        `${where}: tensor ${JSON.stringify(tensor.name)}: expected its data at byte ${end - dataStart}, ` +
          `found ${tensor.position - dataStart}: it ${fault}`,
      );
    }
    end += tensor.byteLength;
  }
  if (end !== fileBytes) {
    const fault = end > fileBytes ? "it is truncated" : "there are bytes too many";
    throw new InputError(`${where}: expected ${end} bytes by its header, found ${fileBytes}: ${fault}`, {
      hint: TRUNCATED_HINT,
    });
  }
}

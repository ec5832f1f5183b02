import { alignUp } from "../base/bytes.ts";
import { dtypeBytes, type FloatDtype } from "../tensors/dtype.ts";
import { elementCount } from "../tensors/tensor-info.ts";
import type { TensorFileLayout, TensorPlacement } from "../tensors/write/file-layout.ts";

/** A tensor that is to be written. */
interface NewTensor {
  readonly name: string;
  readonly dtype: FloatDtype;
  readonly shape: readonly number[];
}

/** Wider types first, so that every tensor starts at a multiple of its element size. */
const DTYPE_ORDER: Record<FloatDtype, number> = { F32: 0, BF16: 1, F16: 2 };

/**
 * A safetensors file byte for byte as the reference implementation lays it out: tensors by dtype, then by name; the header
 * without spaces, padded with spaces to a multiple of 8 bytes.
 * Source: https://github.com/huggingface/safetensors, `serialize`
 */
export function layoutSafetensors(
  tensors: Iterable<NewTensor>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): TensorFileLayout {
  const sorted = [...tensors].toSorted(
    (a, b) => DTYPE_ORDER[a.dtype] - DTYPE_ORDER[b.dtype] || (a.name < b.name ? -1 : 1),
  );
  const entries: string[] = [`"__metadata__":${JSON.stringify(metadata)}`];
  const offsets: number[] = [];
  let end = 0;
  for (const { name, dtype, shape } of sorted) {
    const begin = end;
    end += elementCount(shape) * dtypeBytes(dtype);
    offsets.push(begin);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = Buffer.from(`{${entries.join(",")}}`, "utf8");
  const header = Buffer.alloc(8 + alignUp(json.length, 8), " ");
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  json.copy(header, 8);
  const placements = sorted.map(
    ({ name, dtype, shape }, index): TensorPlacement => ({
      source: name,
      storage: dtype,
      shape,
      position: header.length + (offsets[index] ?? 0),
      byteLength: elementCount(shape) * dtypeBytes(dtype),
    }),
  );
  return { header, byteLength: header.length + end, placements };
}

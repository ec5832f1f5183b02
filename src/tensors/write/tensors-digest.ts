import { sha256 } from "../../base/digest.ts";
import type { TensorInfo } from "../tensor-info.ts";

/** A tensor and the SHA-256 of its bytes (row-major, little-endian, in its dtype). */
export interface DigestedTensor extends TensorInfo {
  readonly sha256: string;
}

/**
 * The name of a set of weights: SHA-256 over one line a tensor, `name dtype [shape] sha256-of-its-bytes`, sorted by name.
 * Tensors can be hashed in any order, by several threads; file format, shards, metadata and offsets do not matter.
 * Names are the checkpoint's (Hugging Face) names, whatever the file calls them.
 */
export function tensorsDigest(tensors: Iterable<DigestedTensor>): string {
  const lines = Array.from(tensors, (t) => `${t.name} ${t.dtype} [${t.shape.join(",")}] ${t.sha256}\n`);
  return sha256(lines.toSorted().join(""));
}

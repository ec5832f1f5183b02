import { InputError } from "../../base/errors.ts";
import { type FloatDtype, isFloatDtype } from "../dtype.ts";
import type { TensorReader } from "../tensor-reader.ts";

/** A tensor whose bytes come in order, piece by piece: read from a file, or computed. */
export interface TensorStream {
  readonly name: string;
  readonly dtype: FloatDtype;
  readonly shape: readonly number[];
  /**
   * The tensor's bytes (row-major, little-endian) in order, whole elements each, never more than `CHUNK_ELEMENTS`. A piece
   * is valid until the next one is asked for: its buffer is then used again.
   *
   * @param pause for a stream that works long before its first piece: called from time to time; what it throws ends the work
   */
  chunks(pause?: Pause): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Of a stream with elements that are not finite: a sentence that says where they come from. */
  explainNonFinite?(): Promise<string>;
  /** How another thread makes the same stream, where one can. */
  readonly remote?: RemoteStream | undefined;
}

/** Lets other work have its turn. */
export type Pause = () => Promise<void> | void;

/** What a thread needs to make a stream by itself. */
export interface RemoteStream {
  /** The module that the thread runs: one that calls `serveStreams`. */
  readonly module: URL;
  /** Says which stream, to that module; of what `postMessage` can copy. */
  readonly task: unknown;
  /** Whether a thread makes streams faster in their order, each at most once. */
  readonly inOrder?: boolean | undefined;
  /** How long it takes, beside a stream that is copied or averaged: 1 if not said. */
  readonly cost?: number | undefined;
}

/**
 * Elements in a piece: 512 KB of 2-byte elements. Large enough that the system calls do not show, small enough that a few
 * of them stay in the processor's cache. A multiple of 32, the unit of Q8_0 blocks and of PyTorch's vector sums.
 */
export const CHUNK_ELEMENTS = 1 << 18;

/** A checkpoint's tensors as streams, unchanged, in file order. @throws InputError for a tensor that is not of floats */
export function streamReader(reader: TensorReader): TensorStream[] {
  return Array.from(reader.tensors.values(), ({ name, dtype, shape, byteLength }) => {
    if (!isFloatDtype(dtype)) {
      throw new InputError(`Expected tensor ${name} to be F32, F16 or BF16, found ${dtype}`);
    }
    const stride = CHUNK_ELEMENTS * (dtype === "F32" ? 4 : 2);
    return {
      name,
      dtype,
      shape,
      async *chunks() {
        const buffer = new Uint8Array(Math.min(stride, byteLength));
        for (let start = 0; start < byteLength; start += stride) {
          const piece = buffer.subarray(0, Math.min(stride, byteLength - start));
          await reader.read(name, start, piece);
          yield piece;
        }
      },
    };
  });
}

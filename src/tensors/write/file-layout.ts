/**
 * Where every byte of a tensor file goes: the header, then each tensor at its place. Made by a pure function of the format
 * (`safetensors/write.ts`, `gguf/write.ts`) before the first tensor exists, so that tensors can be written in any order, by
 * several threads, straight to their place.
 */
export interface TensorFileLayout {
  /** Bytes [0, header.length) of the file. Bytes that neither the header nor a tensor covers are zero. */
  readonly header: Uint8Array;
  readonly byteLength: number;
  readonly placements: readonly TensorPlacement[];
}

/** How the elements of a tensor are stored. `Q8_0` exists in GGUF only: blocks of 32 with one F16 scale. */
export type StorageType = "F32" | "F16" | "BF16" | "Q8_0";

export interface TensorPlacement {
  /** The tensor's name where it comes from (Hugging Face names in a checkpoint); the file may use another. */
  readonly source: string;
  readonly storage: StorageType;
  /** Row-major, slowest dimension first. */
  readonly shape: readonly number[];
  readonly position: number;
  readonly byteLength: number;
  /** What the file's format does to the elements besides converting them. */
  readonly change?: TensorChange | undefined;
}

/**
 * `rotary`: within each head, the rows of the two halves alternate (llama.cpp rotates neighbours where transformers rotates
 * halves). `add`: a number is added to every element, in F32 (Gemma's norms, which transformers stores less 1).
 */
export type TensorChange =
  | { readonly kind: "rotary"; readonly heads: number }
  | { readonly kind: "add"; readonly value: number };

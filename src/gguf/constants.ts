import type { StorageType } from "../tensors/write/file-layout.ts";

// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

/** The first four bytes of a file. */
export const MAGIC = "GGUF";

/** Version 3, the one that is written; 2 differs in nothing that is read here. */
export const VERSION = 3;
export const READABLE_VERSIONS: readonly number[] = [2, 3];

/** Tensor data and each tensor begin at a multiple of this, unless `general.alignment` says otherwise. */
export const DEFAULT_ALIGNMENT = 32;

/** Numbers of the value types of metadata. */
export const VALUE_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;
export type ValueType = keyof typeof VALUE_TYPES;
export type ScalarType = Exclude<ValueType, "array">;

/** How ggml stores the elements of a tensor: its number, and how many bytes a block of how many elements takes. */
export interface GgmlType {
  readonly number: number;
  readonly blockElements: number;
  readonly blockBytes: number;
}

export const GGML_TYPES: Readonly<Record<StorageType, GgmlType>> = {
  F32: { number: 0, blockElements: 1, blockBytes: 4 },
  F16: { number: 1, blockElements: 1, blockBytes: 2 },
  Q8_0: { number: 8, blockElements: 32, blockBytes: 34 },
  BF16: { number: 30, blockElements: 1, blockBytes: 2 },
};

/** `general.file_type`: the type of most tensors, as llama.cpp numbers it. */
export const FILE_TYPES: Readonly<Record<StorageType, number>> = { F32: 0, F16: 1, Q8_0: 7, BF16: 32 };

/** ggml has room for this many dimensions, and for a name of this many bytes with its closing zero. */
export const MAX_DIMENSIONS = 4;
export const MAX_TENSOR_NAME_BYTES = 63;

// What a header may claim. Files of today stay far below; a larger number is a damaged or a hostile file, and believing
// it would allocate memory or loop for what is not there.

/** Files have tens of keys; with hundreds of lists of special tokens, hundreds. */
export const MAX_METADATA_KEYS = 65_536;
/** The format's own limit for keys, 2^16 - 1 bytes. */
export const MAX_KEY_BYTES = 65_535;
/** Chat templates reach tens of KB. */
export const MAX_STRING_BYTES = 16 * 1024 * 1024;
/** Vocabularies reach 262,144 tokens, with twice as many merges. */
export const MAX_ARRAY_LENGTH = 8_388_608;
/** Mixture-of-experts models have some thousands of tensors. */
export const MAX_TENSORS = 65_536;
/** Headers of large vocabularies reach 20 MB. */
export const MAX_HEADER_BYTES = 512 * 1024 * 1024;
/** `general.alignment` is a power of two; more than a huge page would only waste space. */
export const MAX_ALIGNMENT = 2 * 1024 * 1024;

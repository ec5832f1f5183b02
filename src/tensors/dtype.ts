/** Element types by their safetensors names. Only F32, F16 and BF16 take part in arithmetic. */
const DTYPES = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"] as const;
export type Dtype = (typeof DTYPES)[number];

/** The types that a merge can read, work in and write. */
const FLOAT_DTYPES = ["F32", "F16", "BF16"] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

/** Their names in PyTorch, and in config.json. */
export const TORCH_NAMES: Readonly<Record<FloatDtype, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

const BYTES: Record<Dtype, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Bytes an element. */
export function dtypeBytes(dtype: Dtype): number {
  return BYTES[dtype];
}

export function isDtype(name: string): name is Dtype {
  return (DTYPES as readonly string[]).includes(name);
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return (FLOAT_DTYPES as readonly string[]).includes(dtype);
}

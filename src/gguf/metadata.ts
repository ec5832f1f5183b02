import type { ScalarType } from "./constants.ts";

/** A typed value of the metadata. 64-bit integers are `bigint`. Lists of lists do not occur in model files. */
export type GgufValue =
  | { readonly type: Exclude<ScalarType, "bool" | "string" | "uint64" | "int64">; readonly value: number }
  | { readonly type: "uint64" | "int64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "array"; readonly of: ScalarType; readonly values: readonly GgufScalar[] };

export type GgufScalar = number | bigint | boolean | string;

/** Keys in the order in which they are written. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export function uint32(value: number): GgufValue {
  return { type: "uint32", value };
}

export function float32(value: number): GgufValue {
  return { type: "float32", value };
}

export function bool(value: boolean): GgufValue {
  return { type: "bool", value };
}

export function text(value: string): GgufValue {
  return { type: "string", value };
}

export function list(of: ScalarType, values: readonly GgufScalar[]): GgufValue {
  return { type: "array", of, values };
}

/** The number under a key, if there is one. */
export function numberAt(metadata: GgufMetadata, key: string): number | undefined {
  const found = metadata.get(key);
  if (found === undefined || found.type === "array") return undefined;
  return typeof found.value === "number" || typeof found.value === "bigint" ? Number(found.value) : undefined;
}

/** The text under a key, if there is one. */
export function textAt(metadata: GgufMetadata, key: string): string | undefined {
  const found = metadata.get(key);
  return found?.type === "string" ? found.value : undefined;
}

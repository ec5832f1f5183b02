import { createHash } from "node:crypto";

/** SHA-256 of bytes or of UTF-8 text, as 64 lower-case hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * JSON with the keys of every object in code-unit order and without spaces: equal values have equal text, whatever the
 * order in which they were built. Keys with the value `undefined` are left out, as JSON.stringify does.
 */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** The SHA-256 of a value's canonical JSON: the name of everything that is identified by what it is made of. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

import { isRecord } from "../base/is-record.ts";

/** The value of a key of an unknown value; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (Array.isArray(found) && typeof key === "number") found = found[key];
    else if (isRecord(found)) found = found[key];
    else return undefined;
  }
  return found;
}

/** A text, or null. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A finite number; booleans are 0 and 1. Null for anything else: `"N/A"`, NaN, lists. */
export function numberOrNull(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A whole number above 0, or null. */
export function positiveOrNull(value: unknown): number | null {
  const number = numberOrNull(value);
  return number !== null && Number.isInteger(number) && number > 0 ? number : null;
}

/** A list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A record, or an empty one. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** The numbers of a record by name; all else is left out. */
export function numbersOf(value: unknown): Record<string, number> {
  const entries = Object.entries(recordOf(value)).flatMap(([name, one]): [string, number][] => {
    const number = numberOrNull(one);
    return number === null ? [] : [[name, number]];
  });
  return Object.fromEntries(entries);
}

/** A text or a list of texts (numbers are written out) as a list. */
export function textsOf(value: unknown): string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) =>
    typeof one === "string" ? [one] : typeof one === "number" || typeof one === "bigint" ? [String(one)] : [],
  );
}

/** What a message says: its text, or the text parts of a list of parts. Reasoning and images are no part of it. */
export function messageText(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const parts = content.flatMap((part) => textOrNull(at(part, "text")) ?? (typeof part === "string" ? part : []));
  return parts.length === 0 ? null : parts.join("\n");
}

/** The text of the last message of a role; null where there is none. */
export function lastMessage(messages: unknown, role: string): string | null {
  const own = listOf(messages).filter((message) => at(message, "role") === role);
  return own.length === 0 ? null : messageText(at(own.at(-1), "content"));
}

/** Names in the order of a list of patterns; those that match none come last, as they are. */
export function byPreference(names: readonly string[], preferred: readonly RegExp[]): string[] {
  const rank = (name: string): number => {
    const place = preferred.findIndex((pattern) => pattern.test(name));
    return place < 0 ? preferred.length : place;
  };
  return [...new Set(names)].toSorted((a, b) => rank(a) - rank(b));
}

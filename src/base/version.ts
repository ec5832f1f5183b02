import { readFileSync } from "node:fs";
import { isRecord } from "./is-record.ts";

/** The version of mergesweep, as its package.json has it. */
export function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return isRecord(manifest) && typeof manifest.version === "string" ? manifest.version : "unknown";
}

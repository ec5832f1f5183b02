import { ConfigError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { parseYaml } from "../base/yaml/yaml-document.ts";

/** What decides a merge's bytes beside its recipe: flags, which a model card keeps. */
export interface MergeSettings {
  /** Of random draws: 0 if not said. */
  readonly seed?: number | undefined;
  /** mergekit's bytes also where they are surprising: weights that cancel out, a model named twice, vocabularies cut. */
  readonly compat?: boolean | undefined;
  /** Merges models whose config.json name different architectures, if their tensors fit (mergekit's --allow-crimes). */
  readonly allowCrimes?: boolean | undefined;
}

/** A card's metadata: YAML between two lines of dashes, at its beginning. */
const METADATA = /^---\r?\n([^]*?)\r?\n---\r?\n/;

/** Settings as lines of a model card's metadata; none if nothing has to be said. */
export function settingsLines({ seed, compat = false, allowCrimes = false }: MergeSettings): string[] {
  const lines: string[] = [];
  if (seed !== undefined) lines.push(`  random_seed: ${seed}`);
  if (compat) lines.push("  mergekit_compat: true");
  if (allowCrimes) lines.push("  allow_crimes: true");
  return lines.length === 0 ? [] : ["mergesweep:", ...lines];
}

/** Settings that a model card keeps. A card is free text: what is not as `settingsLines` writes it says nothing. */
export function readSettings(card: string): MergeSettings {
  const metadata = METADATA.exec(card)?.[1];
  if (metadata === undefined) return {};
  const { random_seed: seed, mergekit_compat: compat, allow_crimes: allowCrimes } = settingsIn(metadata);
  return {
    ...(Number.isSafeInteger(seed) ? { seed: Number(seed) } : {}),
    ...(typeof compat === "boolean" ? { compat } : {}),
    ...(typeof allowCrimes === "boolean" ? { allowCrimes } : {}),
  };
}

function settingsIn(metadata: string): Readonly<Record<string, unknown>> {
  try {
    const { value } = parseYaml(metadata, "model card");
    return isRecord(value) && isRecord(value.mergesweep) ? value.mergesweep : {};
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}

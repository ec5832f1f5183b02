import { isRecord } from "../base/is-record.ts";
import { parseYamlText } from "../base/yaml/parse-yaml-text.ts";

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
  const document = parseYamlText(metadata);
  const settings = document.errors.length === 0 ? document.get("mergesweep") : undefined;
  const { random_seed: seed, mergekit_compat: compat, allow_crimes: allowCrimes } = plainRecord(settings);
  return {
    ...(Number.isSafeInteger(seed) ? { seed: Number(seed) } : {}),
    ...(typeof compat === "boolean" ? { compat } : {}),
    ...(typeof allowCrimes === "boolean" ? { allowCrimes } : {}),
  };
}

function plainRecord(node: unknown): Record<string, unknown> {
  const value: unknown = isRecord(node) && typeof node.toJSON === "function" ? node.toJSON() : undefined;
  return isRecord(value) ? value : {};
}

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { suggestion } from "../../base/suggest.ts";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile } from "../../base/yaml/yaml-document.ts";
import { yamlNamesIn } from "./yaml-names.ts";

const protocolBenchmarkSchema = z.strictObject({
  name: z.string().min(1),
  version: z.int().positive(),
  /** SHA-256 of the data, as `datasets list` has it. */
  data_sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits"),
  /** How many questions the data has. */
  questions: z.int().positive(),
  prompt: z.string().regex(/^[\w.-]+@\d+$/, "expected a prompt and its version such as open-rs@1"),
  attempts: z.int().positive(),
  limit: z.int().positive().optional(),
  /** Mean tokens of an answer of up to the protocol's `max_tokens`, where somebody published it. */
  reference_tokens: z.number().positive().optional(),
});

/** What a protocol file says; its settings are those of a sweep file. */
const protocolSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string(),
  source: z.string(),
  /** What a cheaper protocol cannot tell. */
  gives_up: z.string().optional(),
  benchmarks: z.array(protocolBenchmarkSchema).min(1),
  /** Who published `reference_tokens`, of which model. */
  reference_tokens_source: z.string().optional(),
  generation: z.record(z.string(), z.unknown()),
  scoring: z.record(z.string(), z.unknown()),
  gguf_type: z.string(),
  /** How numbers are put together: the mean over the seeds, then the mean over the benchmarks, each counted the same. */
  statistics: z.strictObject({ seeds: z.literal("mean"), benchmarks: z.literal("macro") }),
});
export type ProtocolFile = z.infer<typeof protocolSchema>;

/** A protocol, and the digest of its file. */
export interface Protocol extends ProtocolFile {
  readonly sha256: string;
}

const SHIPPED = fileURLToPath(new URL("../../../protocols", import.meta.url));

/**
 * Reads a protocol by its name, from the project's `protocols` folder or those that come with mergesweep, or by its path.
 *
 * @throws ConfigError for one that does not exist, naming those that do, or with what is wrong in it
 */
export async function readProtocol(name: string, root: string): Promise<Protocol> {
  const folders = [join(root, "protocols"), SHIPPED];
  const places = /[\\/]|\.ya?ml$/.test(name)
    ? [resolve(root, name), resolve(name)]
    : folders.map((folder) => join(folder, `${name}.yaml`));
  const path = places.find((place) => existsSync(place));
  if (path === undefined) {
    const known = (await Promise.all(folders.map(yamlNamesIn))).flat();
    throw new ConfigError(`Unknown protocol "${name}"`, { hint: suggestion(name, new Set(known)) });
  }
  const text = await readYamlFile(path, "a protocol");
  return { ...checkYaml(parseYaml(text, path), protocolSchema), sha256: sha256(text) };
}

/** A benchmark as a sweep file has it: its name alone, or with settings. */
type Entry = string | Readonly<Record<string, unknown>>;

/** A benchmark with a protocol's prompt and attempts where the entry has none of its own. */
export function protocolEntry(entry: Entry, protocol: ProtocolFile | undefined): Entry {
  const own = typeof entry === "string" ? { name: entry } : entry;
  const found = protocol?.benchmarks.find(({ name }) => name === own.name);
  if (found === undefined) return entry;
  const { name, prompt, attempts, limit } = found;
  return { name, prompt: prompt.replace(/@\d+$/, ""), attempts, ...(limit === undefined ? {} : { limit }), ...own };
}

/** The value of a sweep file with all that its protocol says and it does not. */
export function withProtocol(value: unknown, protocol: Protocol): unknown {
  if (!isRecord(value)) return value;
  const { benchmarks = protocol.benchmarks.map(({ name }) => name), generation = {}, scoring = {} } = value;
  return {
    gguf_type: protocol.gguf_type,
    ...value,
    benchmarks: Array.isArray(benchmarks)
      ? benchmarks.map((entry: unknown) =>
          typeof entry === "string" || isRecord(entry) ? protocolEntry(entry, protocol) : entry,
        )
      : benchmarks,
    generation: isRecord(generation) ? { ...protocol.generation, ...generation } : generation,
    scoring: isRecord(scoring) ? { ...protocol.scoring, ...scoring } : scoring,
  };
}

import { readdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, InputError, systemCodeOf } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { checkYaml } from "../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile } from "../base/yaml/yaml-document.ts";
import { knowsPrompt, promptNames } from "./prompt.ts";
import { type BenchmarkFile, benchmarkFileSchema } from "./schema.ts";

const FILE_NAME = "benchmark.yaml";

/** A benchmark.yaml that was found and read; its data may not be there yet. */
export interface DeclaredBenchmark {
  /** Path of the benchmark.yaml. */
  readonly path: string;
  /** Its folder: `file` is relative to it. */
  readonly folder: string;
  readonly declared: BenchmarkFile;
}

/** The benchmarks that come with mergesweep, for those who work in a folder of their own. */
const SHIPPED_ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The benchmarks by name: the folders with a benchmark.yaml under `<root>/datasets`, and those that ship with mergesweep. */
export async function listBenchmarkNames(root: string): Promise<string[]> {
  const [own, shipped] = [await namesUnder(root), await namesUnder(SHIPPED_ROOT)];
  return [...new Set([...own, ...shipped])].toSorted();
}

async function namesUnder(root: string): Promise<string[]> {
  const datasets = join(root, "datasets");
  let entries: string[];
  try {
    entries = await readdir(datasets);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
  const names: string[] = [];
  for (const name of entries) if (await isFile(join(datasets, name, FILE_NAME))) names.push(name);
  return names;
}

/**
 * Finds a benchmark by the name of its folder under `<root>/datasets` (then among those that ship with mergesweep), or by
 * the path of a benchmark.yaml or of its folder (from `root`, then from the working directory), and reads its benchmark.yaml.
 *
 * @throws InputError for an unknown name, with the name that was probably meant
 * @throws ConfigError with file:line:column for everything wrong in the benchmark.yaml
 */
export async function findBenchmark(name: string, root: string): Promise<DeclaredBenchmark> {
  for (const candidate of candidatePaths(name, root)) {
    if (await isFile(candidate)) return await readBenchmarkFile(candidate);
  }
  if (looksLikePath(name)) {
    throw new InputError(`No benchmark at ${name}: expected a ${FILE_NAME}, or a folder with one`);
  }
  throw new InputError(`Unknown benchmark "${name}"`, { hint: suggestion(name, await listBenchmarkNames(root)) });
}

/**
 * Reads one benchmark.yaml.
 *
 * @throws ConfigError with file:line:column for everything wrong in it
 */
async function readBenchmarkFile(path: string): Promise<DeclaredBenchmark> {
  const document = parseYaml(await readYamlFile(path, "a benchmark"), path);
  const declared = checkYaml(document, benchmarkFileSchema);
  declared.prompts.forEach((prompt, index) => {
    if (typeof prompt === "string" && !knowsPrompt(prompt)) {
      throw new ConfigError(`${document.locate(["prompts", index])}: unknown prompt "${prompt}"`, {
        hint: suggestion(prompt, promptNames()),
      });
    }
  });
  return { path, folder: dirname(path), declared };
}

function candidatePaths(name: string, root: string): string[] {
  const roots = looksLikePath(name) ? [] : [root, SHIPPED_ROOT];
  const inDatasets = roots.map((folder) => join(folder, "datasets", name, FILE_NAME));
  const bases = isAbsolute(name) ? [name] : [resolve(root, name), resolve(name)];
  return [...inDatasets, ...bases.flatMap((base) => [base, join(base, FILE_NAME)])];
}

function looksLikePath(name: string): boolean {
  return /[/\\]|\.ya?ml$/.test(name);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

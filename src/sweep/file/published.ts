import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { projectRootOf } from "../../base/project-root.ts";
import { suggestion } from "../../base/suggest.ts";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile, type YamlDocument } from "../../base/yaml/yaml-document.ts";
import type { PublishedNumbers } from "../../findings/reproduction/published-numbers.ts";
import { yamlNamesIn } from "./yaml-names.ts";

const percentage = z.number().min(0).max(100);

const scoreSchema = z.strictObject({
  /** Percent, the mean over the runs. */
  accuracy: percentage,
  /** Sample standard deviation of the runs' means, in points. */
  deviation: z.number().min(0).optional(),
  runs: z.int().positive().default(1),
  /** Which of the benchmark's first questions were right: 0 or 1 each, in its order. */
  right: z
    .string()
    .regex(/^[01]+$/, "expected a 0 or 1 for each question")
    .optional(),
});

const publishedSchema = z.strictObject({
  name: z.string().min(1),
  source: z.string().min(1),
  note: z.string().optional(),
  /** The sweep that makes the models: a path, or a name in sweeps/. */
  sweep: z.string().min(1),
  /** Published merges by the point that makes them again. */
  merges: z.record(z.string(), z.string()).default({}),
  /** SHA-256 of the tensors of merges, as summary.csv has it, where the weights themselves are not published. */
  weights: z
    .record(z.string(), z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits"))
    .default({}),
  benchmarks: z
    .record(
      z.string(),
      z.strictObject({ questions: z.int().positive(), data_sha256: z.string().length(64).optional() }),
    )
    .default({}),
  points: z.record(z.string(), z.record(z.string(), scoreSchema)).default({}),
});

const SHIPPED = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Reads published numbers: by the name of a file in the project's `published` folder or of those that come with mergesweep, by
 * the path of one, or by the path of a sweep, which has no key `sweep`, with numbers of its name.
 *
 * @returns the numbers, with the path of their sweep
 * @throws ConfigError for what does not exist, naming those that do, or with what is wrong in it
 */
export async function readPublished(target: string): Promise<PublishedNumbers> {
  const roots = [...new Set([projectRootOf(target), process.cwd(), SHIPPED])];
  const name = basename(target).replace(/\.ya?ml$/, "");
  const beside = roots.map((root) => join(root, "published", `${name}.yaml`));
  const given = /\.ya?ml$/.test(target) && existsSync(target) ? await readDocument(target) : undefined;
  const isSweep = given !== undefined && !(isRecord(given.value) && "sweep" in given.value);
  const path = given !== undefined && !isSweep ? target : beside.find((place) => existsSync(place));
  if (path === undefined) {
    const known = (await Promise.all(roots.map((root) => yamlNamesIn(join(root, "published"))))).flat();
    throw new ConfigError(`No published numbers for "${target}"`, { hint: suggestion(name, new Set(known)) });
  }
  const document = path === target && given !== undefined ? given : await readDocument(path);
  const { benchmarks, points, note, sweep, ...rest } = checkYaml(document, publishedSchema);
  const sweeps = [...new Set([projectRootOf(path), ...roots])].flatMap((root) => [
    resolve(root, sweep),
    join(root, "sweeps", `${sweep}.yaml`),
  ]);
  const sweepPath = isSweep ? target : sweeps.find((place) => existsSync(place) && /\.ya?ml$/.test(place));
  if (sweepPath === undefined) {
    throw new ConfigError(`${document.locate(["sweep"])}: expected a sweep file, found none at ${sweeps.join(" or ")}`);
  }
  return {
    ...rest,
    note,
    sweep: sweepPath,
    benchmarks: Object.fromEntries(
      Object.entries(benchmarks).map(([key, { questions, data_sha256: dataSha256 }]) => [
        key,
        { questions, dataSha256 },
      ]),
    ),
    points: Object.fromEntries(
      Object.entries(points).map(([point, scores]) => [
        point,
        Object.fromEntries(
          Object.entries(scores).map(([benchmark, { accuracy, deviation, runs, right }]) => [
            benchmark,
            { accuracy: accuracy / 100, deviation: deviation === undefined ? null : deviation / 100, runs, right },
          ]),
        ),
      ]),
    ),
  };
}

async function readDocument(path: string): Promise<YamlDocument> {
  return parseYaml(await readYamlFile(path, "published numbers"), path);
}

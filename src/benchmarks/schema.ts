import { z } from "zod";

/** Fails early and in words: a template without its hole would ask every model the same nothing. */
const promptSchema = z.strictObject({
  name: z.string().min(1),
  version: z.int().positive().default(1),
  system: z.string().optional(),
  user: z.string().refine((text) => text.includes("{problem}"), "expected the text {problem} somewhere in it"),
  /** Raise the version when these change: completions end elsewhere then. */
  stop: z.array(z.string().min(1)).optional(),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits");

const hubSchema = z.strictObject({
  /** `openai/gsm8k`. */
  id: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "expected owner/name"),
  config: z.string().default("default"),
  split: z.string(),
  /** A commit of the dataset, or null: not pinned, whatever `main` is. The digests decide in both cases. */
  revision: z.string().min(1).nullable(),
  /** The file in the dataset; found by config and split if left out. */
  path: z.string().optional(),
});

const sourceSchema = z
  .strictObject({
    /** A dataset on the Hugging Face hub. */
    hub: hubSchema.optional(),
    /** Where the very bytes of `sha256` lie, for when the hub does not answer or has other bytes. */
    mirror: z.url().optional(),
  })
  .refine(({ hub, mirror }) => hub !== undefined || mirror !== undefined, "expected `hub`, `mirror` or both");

/** What a `benchmark.yaml` may say. */
export const benchmarkFileSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/, "expected lower-case letters, digits, _ . -"),
    version: z.int().positive(),
    description: z.string().default(""),
    licence: z.string().default("unknown"),
    /** Data that lies beside the benchmark.yaml. */
    file: z.string().optional(),
    /** Data that is fetched once and cached. */
    source: sourceSchema.optional(),
    /** SHA-256 of the data file. */
    sha256: digest.optional(),
    /** SHA-256 of the problems and golds alone: the same in another file format. See `contentDigest`. */
    content_sha256: digest.optional(),
    rows: z.int().positive().optional(),
    fields: z.strictObject({
      /** Row numbers (`gsm8k-0001`) if left out. */
      id: z.string().optional(),
      /** A column, or several that are joined by a space. */
      problem: z.union([z.string(), z.array(z.string()).min(1)]),
      answer: z.string(),
      labels: z.array(z.string()).default([]),
      tolerance: z.string().optional(),
      unit: z.string().optional(),
    }),
    answer: z.strictObject({
      kind: z.enum(["math", "number", "choice"]),
      /** How the gold is taken from the answer column: all of it, its last \boxed{}, or what follows the last of a mark. */
      extract: z
        .union([z.enum(["whole", "last-boxed"]), z.strictObject({ after: z.string().min(1) })])
        .default("whole"),
    }),
    /** The ways to ask, the default first: names of built-in templates, or templates of one's own. */
    prompts: z
      .array(z.union([z.string(), promptSchema]))
      .min(1)
      .default(["plain", "open-rs", "boxed"]),
  })
  .refine((file) => (file.file === undefined) !== (file.source === undefined), {
    message: "expected either `file` (data beside this file) or `source` (data to fetch), not both",
  })
  .refine((file) => file.source === undefined || file.sha256 !== undefined, {
    message: "`source` needs `sha256`: fetched data is checked",
    path: ["source"],
  });

/** A `benchmark.yaml` after its checks, defaults filled in. */
export type BenchmarkFile = z.infer<typeof benchmarkFileSchema>;
export type HubSource = z.infer<typeof hubSchema>;

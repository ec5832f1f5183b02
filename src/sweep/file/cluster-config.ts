import { z } from "zod";

/** What goes into a batch script as it is written: one word of it, which can neither end a line nor a quotation. */
const WORD = /^[^\s"'`\\]+$/;

/** What settings of a cluster look like, for files and flags alike. */
export const SLURM_FORMS = {
  /** A number of GPUs, or a type and a number. */
  gpus: { pattern: /^([\w.-]+:)?\d+$/, expected: "a number of GPUs such as 1 or a100:2" },
  /** In megabytes, or with a unit. */
  memory: { pattern: /^\d+[KMGT]?$/, expected: "an amount of memory such as 16G" },
  /** Minutes, minutes:seconds, hours:minutes:seconds, days-hours, ... */
  time: { pattern: /^(\d+(:\d+){0,2}|\d+-\d+(:\d+){0,2})$/, expected: "a time such as 4:00:00, 90 (minutes) or 1-12" },
  word: { pattern: WORD, expected: "one word without quotes" },
} as const;

/** Scalars without quotes are numbers in YAML where they look like some. */
function scalar({ pattern, expected }: { readonly pattern: RegExp; readonly expected: string }): z.ZodType<string> {
  return z
    .union([z.string(), z.int().nonnegative().transform(String)], `expected ${expected}`)
    .pipe(z.string().regex(pattern, `expected ${expected}`));
}

/** How a sweep is run under Slurm: of a sweep's key `cluster`, and of the site's file. */
export const slurmSchema = z.strictObject({
  /** Tasks of the array, each a worker. */
  array: z.int().positive().optional(),
  /** Tasks that run at the same time at the most. */
  max_parallel: z.int().positive().optional(),
  /** GPUs of a task; 1 if left out where the run uses a GPU or starts servers, else none. */
  gpus_per_task: scalar(SLURM_FORMS.gpus).optional(),
  cpus_per_task: z.int().positive().optional(),
  /** Memory of a task. */
  mem: scalar(SLURM_FORMS.memory).optional(),
  /** Time limit of a task; what is not done then goes on in the same task, queued again. */
  time: scalar(SLURM_FORMS.time).optional(),
  partition: scalar(SLURM_FORMS.word).optional(),
  account: scalar(SLURM_FORMS.word).optional(),
  /** Features that a node must have. */
  constraint: scalar(SLURM_FORMS.word).optional(),
  /** A file of shell commands that go before the worker: `module load cuda`. A relative path starts at the file that names it. */
  prelude: z.string().min(1).optional(),
  /** More flags of sbatch, for workers and report. */
  sbatch: z.array(z.string().min(1)).default([]),
});
export type SlurmConfig = z.infer<typeof slurmSchema>;

/** Where a sweep is run, by the cluster's kind. */
export const clusterSchema = z.strictObject({ slurm: slurmSchema.optional() });

import { formatBytes } from "../../base/bytes.ts";
import { DEFAULT_CACHE_LIMIT } from "../../sweep/run/gguf-folder.ts";
import { openFlag } from "../page/open-page.ts";
import { integerOption, jsonFlag, listOption, namesOption, rawCsvFlag, sizeOption, textOption } from "./options.ts";

/** Flags that change how the work is done and no result; shared by `run`, `eval` and `worker`. */
export const workFlags = {
  workers: {
    ...integerOption(
      "Number of processes; they share the problems of the last points (default: one per core, memory permitting; one with a server)",
      1,
    ),
    group: "Execution:",
  },
  sequences: {
    ...integerOption("Completions that a process generates side by side (default: automatic)", 1),
    group: "Execution:",
  },
  devices: {
    ...listOption(
      "With --gpu: GPU numbers, one process for each: 0,1 (default: one process; in a Slurm job, one for each GPU it has)",
    ),
    group: "Execution:",
  },
  "batch-size": {
    ...integerOption("Prompt tokens that a process evaluates at once (default: automatic)", 64),
    group: "Execution:",
  },
  "hang-seconds": {
    ...integerOption("Replace a process that makes no progress for this many seconds (default: 300)", 1),
    group: "Execution:",
  },
  "cache-limit": {
    ...sizeOption(`What merged files may take on disk (default: ${formatBytes(DEFAULT_CACHE_LIMIT)})`),
    group: "Execution:",
  },
  "mixed-hardware": {
    type: "boolean",
    description: "Continue points that another build of the runtime began; the report says which build made what",
    group: "Execution:",
  },
  "lease-seconds": {
    ...integerOption("A worker that is silent for this many seconds loses its work to others (default: 120)", 4),
    group: "Execution:",
  },
  "keep-gguf": { ...textOption("Folder that keeps the weights of every point"), group: "Output:" },
} as const;

/** The same and more; shared by `run` and `eval`. */
export const executionFlags = {
  ...workFlags,
  again: {
    ...namesOption("Evaluate this point again although it is done; its old completions are kept aside"),
    group: "Execution:",
  },
  report: { ...textOption("Folder of the report (default: reports/, by the name of the store)"), group: "Output:" },
  open: openFlag,
  "raw-csv": rawCsvFlag,
  json: jsonFlag,
} as const;

/** The values of `workFlags` as yargs gives them. */
export interface WorkFlagValues {
  readonly workers: number | undefined;
  readonly sequences: number | undefined;
  readonly devices: readonly string[] | undefined;
  readonly batchSize: number | undefined;
  readonly hangSeconds: number | undefined;
  readonly cacheLimit: number | undefined;
  readonly mixedHardware?: boolean | undefined;
  readonly leaseSeconds?: number | undefined;
  readonly again?: readonly string[] | undefined;
  readonly keepGguf: string | undefined;
}

/** The values of `executionFlags` as yargs gives them. */
export interface ExecutionFlagValues extends WorkFlagValues {
  readonly report: string | undefined;
  readonly out: string | undefined;
  readonly open: boolean | undefined;
  readonly rawCsv: boolean | undefined;
  readonly json: boolean | undefined;
}

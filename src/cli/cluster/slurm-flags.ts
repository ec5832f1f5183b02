import type { SlurmFlags } from "../../cluster/settings.ts";
import { SLURM_FORMS } from "../../sweep/file/cluster-config.ts";
import type { WorkFlagValues, workFlags } from "../flags/execution-flags.ts";
import { formOption, integerOption, textOption } from "../flags/options.ts";

const SLURM = "Slurm:";

/** Flags that say how a run is submitted; each may stand in the site's file and under `cluster: { slurm: }` of a sweep, too. */
export const slurmFlags = {
  array: {
    ...integerOption("Tasks of the array, each a worker (default: one a point that is not done, 32 at most)", 1),
    group: SLURM,
  },
  "max-parallel": { ...integerOption("Tasks that run at the same time at the most", 1), group: SLURM },
  "gpus-per-task": {
    ...formOption("GPUs of a task: 1, or a100:1 (default: 1 with --gpu or serve, else none)", SLURM_FORMS.gpus),
    group: SLURM,
  },
  "cpus-per-task": { ...integerOption("Processors of a task", 1), group: SLURM },
  mem: { ...formOption("Memory of a task: 16G", SLURM_FORMS.memory), group: SLURM },
  time: { ...formOption("Time limit of a task, which queues again then: 4:00:00", SLURM_FORMS.time), group: SLURM },
  partition: { ...formOption("Partition of all jobs", SLURM_FORMS.word), group: SLURM },
  account: { ...formOption("Account of all jobs", SLURM_FORMS.word), group: SLURM },
  constraint: { ...formOption("Features that a node of a task must have", SLURM_FORMS.word), group: SLURM },
  prelude: { ...textOption("File of shell commands that go before each job: module load cuda"), group: SLURM },
} as const;

interface SlurmFlagValues {
  readonly array: number | undefined;
  readonly maxParallel: number | undefined;
  readonly gpusPerTask: string | undefined;
  readonly cpusPerTask: number | undefined;
  readonly mem: string | undefined;
  readonly time: string | undefined;
  readonly partition: string | undefined;
  readonly account: string | undefined;
  readonly constraint: string | undefined;
  readonly prelude: string | undefined;
}

/** What the command line says, in the words of the files. */
export function slurmSettingsOf(flags: SlurmFlagValues, sbatch: readonly string[]): SlurmFlags {
  return {
    array: flags.array,
    max_parallel: flags.maxParallel,
    gpus_per_task: flags.gpusPerTask,
    cpus_per_task: flags.cpusPerTask,
    mem: flags.mem,
    time: flags.time,
    partition: flags.partition,
    account: flags.account,
    constraint: flags.constraint,
    prelude: flags.prelude,
    sbatch: [...sbatch],
  };
}

/** The flags of a worker as they were given, to be given to each task. */
export function workerWords(flags: WorkFlagValues): string[] {
  const { workers, sequences, devices, batchSize, hangSeconds, cacheLimit, mixedHardware, leaseSeconds, keepGguf } =
    flags;
  const given: Record<keyof typeof workFlags, string | number | boolean | undefined> = {
    workers,
    sequences,
    devices: devices?.join(","),
    "batch-size": batchSize,
    "hang-seconds": hangSeconds,
    "cache-limit": cacheLimit,
    "mixed-hardware": mixedHardware,
    "lease-seconds": leaseSeconds,
    "keep-gguf": keepGguf,
  };
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
}

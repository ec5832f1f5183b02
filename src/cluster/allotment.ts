/** What Slurm gave the task that this process is of. */
export interface Allotment {
  /** Processors on this node. */
  readonly cpus: number | undefined;
  /** Its GPUs, as CUDA takes them: numbers, or UUIDs. */
  readonly gpus: readonly string[];
}

/** Reads from the environment what Slurm gave this task; undefined outside of Slurm. */
export function readAllotment(environment: NodeJS.ProcessEnv = process.env): Allotment | undefined {
  if (environment.SLURM_JOB_ID === undefined) return undefined;
  const cpus = Number(environment.SLURM_CPUS_ON_NODE);
  // Slurm says `NoDevFiles` where it gives none.
  const gpus = (environment.CUDA_VISIBLE_DEVICES ?? "").split(",").filter((name) => /^(\d+|GPU-.+|MIG-.+)$/.test(name));
  return { cpus: Number.isSafeInteger(cpus) && cpus > 0 ? cpus : undefined, gpus };
}

import { execFile } from "node:child_process";
import { InputError } from "../base/errors.ts";

type SlurmTool = "sbatch" | "squeue" | "sacct" | "scancel";

/** A controller that does not answer within a minute is one that cannot be asked now. */
const PATIENCE_MILLISECONDS = 60_000;

/** More than this no answer has: 100,000 tasks of 100 characters. */
const MAX_ANSWER_BYTES = 16_000_000;

interface Answer {
  readonly code: number;
  readonly stdout: string;
  /** What it said, without the name of the program. */
  readonly stderr: string;
}

/** Asks one of Slurm's tools. @returns undefined if this machine has none */
export function askSlurm(
  tool: SlurmTool,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Answer | undefined> {
  const options = { env: environment, timeout: PATIENCE_MILLISECONDS, maxBuffer: MAX_ANSWER_BYTES };
  return new Promise((resolve) => {
    execFile(tool, [...args], options, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") resolve(undefined);
      else if (error === null || typeof error.code === "number")
        resolve({ code: Number(error?.code ?? 0), stdout, stderr: wordsOf(stderr) });
      // It took too long, or said too much.
      else resolve({ code: 1, stdout, stderr: error.message });
    });
  });
}

/** @throws InputError if this machine has no such tool */
export async function requireSlurm(tool: SlurmTool): Promise<void> {
  if ((await askSlurm(tool, ["--version"])) !== undefined) return;
  throw new InputError(`Expected Slurm's ${tool} on the PATH, found none: this machine knows no cluster`, {
    hint: "Run the command on a login node of the cluster. `--dry-run` writes the scripts without Slurm; without a cluster, `mergesweep run SWEEP`.",
  });
}

/** `sbatch: error: Batch job submission failed: Invalid account` without the first two. */
function wordsOf(stderr: string): string {
  return stderr.replaceAll(/^\w+: (error: )?/gm, "").trim();
}

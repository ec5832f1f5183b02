import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { systemCodeOf } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { makeFolder } from "../base/files/make-folder.ts";
import { readStored } from "../runs/stored-files.ts";

const submissionSchema = z.object({
  /** The jobs' name in Slurm. */
  name: z.string(),
  /** Job id of the array of workers. */
  workers: z.string(),
  tasks: z.int().positive(),
  /** Job id of the report; missing if Slurm refused it. */
  report: z.string().optional(),
});

/** What was submitted at one time. */
export type Submission = z.infer<typeof submissionSchema>;

/** Submissions of a run lie here, each in a folder by its number: scripts, job ids, and what the jobs print. */
const SLURM_FOLDER = "slurm";
const JOBS_FILE = "jobs.json";

/** Makes the folder of the next submission; two that are made at the same time get one each. */
export async function newSubmissionFolder(run: string): Promise<string> {
  const parent = join(run, SLURM_FOLDER);
  await makeFolder(parent);
  for (let number = Math.max(0, ...(await numbersIn(parent))) + 1; ; number++) {
    const folder = join(parent, String(number));
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw error;
    }
  }
}

export async function recordSubmission(folder: string, submission: Submission): Promise<void> {
  await writeFileAtomic(join(folder, JOBS_FILE), `${JSON.stringify(submission, null, 2)}\n`);
}

/** All that was submitted for a run, the first first. */
export async function readSubmissions(run: string): Promise<Submission[]> {
  const parent = join(run, SLURM_FOLDER);
  const numbers = (await numbersIn(parent)).toSorted((a, b) => a - b);
  const all = await Promise.all(
    numbers.map((number) => readStored(submissionSchema, join(parent, String(number), JOBS_FILE))),
  );
  // Scripts may have been written and not submitted.
  return all.filter((one) => one !== undefined);
}

async function numbersIn(parent: string): Promise<number[]> {
  try {
    return (await readdir(parent)).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

import { join } from "node:path";
import { z } from "zod";
import { digestOf } from "../base/digest.ts";
import { StoreError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { readStored } from "./stored-files.ts";

/** What a run was set down from: a worker plans it again from this, on whatever machine, and finds the same plan. */
const runSetupSchema = z.object({
  /** Where relative paths start. */
  folder: z.string(),
  /** A sweep file and the values of its variables; or one checkpoint and its benchmarks. */
  source: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("sweep"),
      path: z.string(),
      set: z.record(z.string(), z.string()),
      protocol: z.string().optional(),
    }),
    z.object({ kind: z.literal("model"), model: z.string(), benchmarks: z.array(z.string()).optional() }),
  ]),
  /** What flags changed. */
  overrides: z.record(z.string(), z.unknown()),
  /** How a search asks for it; the whole grid is asked if left out. */
  search: z.record(z.string(), z.unknown()).optional(),
});
export type RunSetup = z.infer<typeof runSetupSchema>;

const SETUP_FILE = "setup.json";

/** @throws StoreError if the run was not set down for workers */
export async function readSetup(folder: string): Promise<RunSetup> {
  const setup = await readStored(runSetupSchema, join(folder, SETUP_FILE));
  if (setup !== undefined) return setup;
  throw new StoreError(`Expected a run that was prepared for workers, found no ${SETUP_FILE} in ${folder}`, {
    hint: "Prepare it with: mergesweep plan SWEEP.yaml --store",
  });
}

/** Keeps what a run is set down from, where it is not the same as before. */
export async function writeSetup(folder: string, setup: RunSetup): Promise<void> {
  const before = await readStored(runSetupSchema, join(folder, SETUP_FILE)).catch(() => undefined);
  const text = `${JSON.stringify(setup, null, 2)}\n`;
  if (before === undefined || digestOf(before) !== digestOf(JSON.parse(text))) {
    await writeFileAtomic(join(folder, SETUP_FILE), text);
  }
}

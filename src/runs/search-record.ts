import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { readStored } from "./stored-files.ts";

const FILE = "search.json";

const count = z.int().nonnegative();
const tokens = z.number().nonnegative();

/** What a search over the points of a run did, and what came of it; made again from the completions whenever it is asked for. */
const searchRecordSchema = z.object({
  search_version: z.literal(1),
  /** As `findings` reads it: what was looked for. */
  objective: z.record(z.string(), z.unknown()),
  confidence: z.number(),
  refine: count,
  strata: z.boolean(),
  elimination: z.boolean(),
  futility: z.boolean(),
  budget: z.record(z.string(), z.number()).nullable(),
  /** The whole grid. */
  points: z.array(z.string()),
  benchmarks: z.array(z.object({ name: z.string(), questions: count })),
  stop: z.enum(["answered", "budget", "nothing more", "all asked"]),
  chosen: z.string().nullable(),
  /** Points that may meet the objective, the preferred first. */
  candidates: z.array(z.string()),
  questions_needed: count.nullable(),
  /** Of what was asked; of the whole grid, as far as can be seen. */
  tokens,
  grid_tokens: tokens,
  /** Questions, by point. */
  asked: z.record(z.string(), count),
  looks: z.array(
    z.object({
      questions: count,
      points: z.array(z.string()),
      dropped: z.array(
        z.object({
          point: z.string(),
          why: z.enum(["loses", "dominated"]),
          by: z.string(),
          measure: z.enum(["accuracy", "accuracy_strict", "format"]),
          /** What the point is below the other, as a part of 1. */
          difference: z.number(),
          t: z.number(),
          critical: z.number(),
        }),
      ),
      joined: z.array(z.string()),
      tokens,
    }),
  ),
});
export type SearchRecord = z.infer<typeof searchRecordSchema>;

/** The search that a run store was last filled by; undefined if there was none. @throws StoreError if the file is damaged */
export function readSearch(folder: string): Promise<SearchRecord | undefined> {
  return readStored(searchRecordSchema, join(folder, FILE));
}

export async function writeSearch(folder: string, record: SearchRecord): Promise<void> {
  await writeFileAtomic(join(folder, FILE), `${JSON.stringify(record, null, 2)}\n`);
}

import { link, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { systemCodeOf } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { temporaryPath } from "../base/files/temporary-path.ts";
import { readStored } from "./stored-files.ts";

const FILE = "search-budget.json";

/** What the hours of a search's budget are in tokens, at the speed that was measured when the run was set down. */
const budgetSchema = z.object({
  hours: z.number().positive(),
  tokens_per_second: z.number().positive(),
  tokens: z.int().positive(),
});

/** @returns the tokens that so many hours were fixed to be; undefined while they are not. @throws StoreError if the file is damaged */
export async function readBudget(folder: string, hours: number): Promise<number | undefined> {
  const fixed = await readStored(budgetSchema, join(folder, FILE));
  return fixed?.hours === hours ? fixed.tokens : undefined;
}

/** Fixes hours as tokens for good: how fast later machines are changes nothing. Of several workers the first fixes them for all. */
export async function fixBudget(
  folder: string,
  { hours, tokensPerSecond }: { readonly hours: number; readonly tokensPerSecond: number },
): Promise<number> {
  const tokens = Math.max(1, Math.round(hours * 3600 * tokensPerSecond));
  const fixed = { hours, tokens_per_second: tokensPerSecond, tokens };
  const path = join(folder, FILE);
  const own = temporaryPath(path);
  await writeFileAtomic(own, `${JSON.stringify(fixed, null, 2)}\n`);
  try {
    await link(own, path);
    return tokens;
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
    const theirs = await readBudget(folder, hours);
    if (theirs !== undefined) return theirs;
    // Of other hours, which nobody asks for any more.
    await rename(own, path);
    return tokens;
  } finally {
    await rm(own, { force: true });
  }
}

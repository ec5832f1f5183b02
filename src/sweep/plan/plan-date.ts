import { isRecord } from "../../base/is-record.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { readChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import { readManifestIfPresent } from "../../runs/read-manifest.ts";

/**
 * The day that chat templates are told, where one asks: the clock must not be an input of a run that goes on.
 *
 * @param given by the person
 * @param store of the run: the day that it was set down on stays
 * @returns as YYYY-MM-DD; undefined where no template asks
 */
export async function planDate(
  models: readonly Checkpoint[],
  given: string | undefined,
  store: string,
): Promise<string | undefined> {
  if (!(await asksForDate(models))) return undefined;
  return given ?? (await storedDate(store)) ?? today();
}

/** Whether any model's chat template writes the day into the prompt. */
async function asksForDate(models: readonly Checkpoint[]): Promise<boolean> {
  const chats = await Promise.all(models.map(readChatFormat));
  return chats.some(({ template }) => template?.includes("strftime_now") === true);
}

async function storedDate(store: string): Promise<string | undefined> {
  const generation = (await readManifestIfPresent(store))?.plan.generation;
  return isRecord(generation) && typeof generation.date === "string" ? generation.date : undefined;
}

/** The day here, as YYYY-MM-DD. */
function today(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

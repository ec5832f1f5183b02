import type { Benchmark } from "../../benchmarks/benchmark.ts";
import { messagesFor } from "../../benchmarks/prompt.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { readModelConfig } from "../../checkpoints/config.ts";
import { readChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import { SPECIAL_TOKENS } from "../../eval/evaluate.ts";
import { renderChat } from "../../models/chat-template.ts";

/** Tokens of context that all of these models have. */
export function leastContext(models: readonly Checkpoint[]): number {
  return Math.min(...models.map(({ config, path }) => readModelConfig(config, path).contextLength));
}

/**
 * What a person should know of how models are asked.
 * @param models by the name of the reference, or "The points"
 */
export async function promptNotes(models: readonly (readonly [name: string, model: Checkpoint])[]): Promise<string[]> {
  const notes = new Set<string>();
  for (const [name, model] of models) {
    if ((await readChatFormat(model)).template !== undefined) continue;
    notes.add(`${name}: there is no chat template: the prompt is the plain text, without turns.`);
  }
  return [...notes];
}

/**
 * Tokens that hold the longest prompt, as the models' chat templates write it, and its completion. A byte-level token is at
 * least one byte, so bytes bound the tokens of a prompt before any tokenizer is loaded.
 *
 * @param date that templates see: the length of a prompt may depend on it
 * @throws InputError for a chat template that refuses the prompts
 */
export async function contextNeeded(
  models: readonly Checkpoint[],
  benchmarks: readonly Benchmark[],
  maxTokens: number,
  date?: string,
): Promise<number> {
  const chats = await Promise.all(models.map(readChatFormat));
  const different = new Map(chats.map((chat) => [JSON.stringify(chat), chat]));
  const rendered = [...different.values()].flatMap((chat) =>
    benchmarks.flatMap(({ prompt, samples }) => {
      const [longest] = samples.toSorted((a, b) => Buffer.byteLength(b.problem) - Buffer.byteLength(a.problem));
      return longest === undefined ? [] : [renderChat(chat, messagesFor(prompt, longest), { date })];
    }),
  );
  const lengths = (await Promise.all(rendered)).map(({ prompt }) => Buffer.byteLength(prompt));
  return Math.max(...lengths) + SPECIAL_TOKENS + maxTokens;
}

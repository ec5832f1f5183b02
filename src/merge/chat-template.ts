import { Template } from "@huggingface/jinja";
import { InputError, messageOf } from "../base/errors.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { readChatFormat } from "../checkpoints/tokenizer/chat-format.ts";
import { madeTokenizer, readTokenizerJson, type TokenizerFiles } from "../checkpoints/tokenizer/tokenizer-source.ts";
import { chatTemplateOf } from "./chat-templates.ts";
import type { MergeRecipe } from "./recipe/recipe.ts";

/** Files that are there without a tokenizer, too. */
const OF_NO_TOKENIZER = new Set(["chat_template.jinja", "chat_template.json", "generation_config.json"]);

/**
 * The chat template that a recipe asks for.
 * @returns undefined if it is `auto` and no model has one; @throws InputError if it is no Jinja
 */
export async function resolveChatTemplate(wanted: string, models: Iterable<Checkpoint>): Promise<string | undefined> {
  const template = wanted === "auto" ? await mostCommon(models) : chatTemplateOf(wanted);
  if (template === undefined) return undefined;
  try {
    // Only parsed: what is wrong with it would show when the first prompt is made of it.
    void new Template(template);
  } catch (error) {
    throw new InputError(`chat_template: expected a Jinja template: ${messageOf(error)}`, { cause: error });
  }
  return template;
}

/** Of several that are equally common, the one that comes first in the recipe. */
async function mostCommon(models: Iterable<Checkpoint>): Promise<string | undefined> {
  const counts = new Map<string, number>();
  for (const checkpoint of models) {
    const template = (await readChatFormat(checkpoint)).template?.trim();
    if (template !== undefined && template !== "") counts.set(template, (counts.get(template) ?? 0) + 1);
  }
  const [first] = [...counts].toSorted(([, a], [, b]) => b - a);
  return first?.[0];
}

/**
 * What a person should know of a recipe's chat template that is in no file of the merge.
 * @param copyTokenizer whether the donor's tokenizer files are written
 */
export async function chatTemplateNote(
  { recipe, donor }: { readonly recipe: MergeRecipe; readonly donor: Checkpoint },
  copyTokenizer: boolean,
): Promise<string | undefined> {
  const { chatTemplate, vocabulary } = recipe;
  if (chatTemplate === undefined) return undefined;
  if (!copyTokenizer && vocabulary === undefined) {
    return "chat_template has no effect: it is written to the tokenizer's files, which are not copied (--no-copy-tokenizer)";
  }
  if ((await readChatFormat(donor)).template !== undefined) return undefined;
  return "chat_template: auto: none of the models has a chat template, and neither has the merge";
}

/**
 * Tokenizer files with another chat template, in the places where old and new versions of transformers look for it.
 * @throws InputError if there is no tokenizer
 */
export async function withChatTemplate(files: TokenizerFiles, template: string): Promise<TokenizerFiles> {
  if (!files.names.some((name) => !OF_NO_TOKENIZER.has(name))) {
    throw new InputError(`chat_template: expected a tokenizer to write it to, found none in ${files.where}`, {
      hint: "Put the tokenizer's files there, name a model that has them as donor:, or remove chat_template.",
    });
  }
  const encoder = new TextEncoder();
  const contents = new Map<string, Uint8Array>([["chat_template.jinja", encoder.encode(template)]]);
  for (const name of files.names.filter((known) => !known.startsWith("chat_template."))) {
    const bytes = await files.read(name);
    if (bytes !== undefined) contents.set(name, bytes);
  }
  const settings = (await readTokenizerJson(files, "tokenizer_config.json")) ?? {};
  const changed = `${JSON.stringify({ ...settings, chat_template: template }, undefined, 2)}\n`;
  contents.set("tokenizer_config.json", encoder.encode(changed));
  return madeTokenizer(files.where, contents);
}

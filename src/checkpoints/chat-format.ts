import { isRecord } from "../base/is-record.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { readTokenizerJson, readTokenizerText, type TokenizerFiles } from "./tokenizer-source.ts";

/** What a chat template needs (`models/chat-template.ts` renders it): the template and the special tokens' texts. */
export interface ChatFormat {
  /** Jinja source, or undefined for a model without one. */
  readonly template: string | undefined;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
}

/**
 * Reads how a checkpoint is talked to, from the files beside its tokenizer or from a GGUF file's metadata. The tokenizer
 * itself may be of any kind.
 */
export async function readChatFormat({ tokenizer, tokenizerFiles }: Checkpoint): Promise<ChatFormat> {
  if (tokenizer !== undefined) {
    const { chatTemplate, tokens, bosId, eosIds } = tokenizer;
    const textOf = (id: number | undefined): string | undefined => (id === undefined ? undefined : tokens[id]);
    return { template: chatTemplate, bosToken: textOf(bosId), eosToken: textOf(eosIds[0]) };
  }
  const settings = (await readTokenizerJson(tokenizerFiles, "tokenizer_config.json")) ?? {};
  return {
    template: await readChatTemplate(tokenizerFiles, settings),
    bosToken: textOfToken(settings.bos_token),
    eosToken: textOfToken(settings.eos_token),
  };
}

/** The text of a special token: it is written as its text, or as an object with `content`. */
export function textOfToken(token: unknown): string | undefined {
  const text = isRecord(token) ? token.content : token;
  return typeof text === "string" ? text : undefined;
}

/** The chat template of tokenizer files: the file chat_template.jinja wins, as in transformers; of several named ones, `default`. */
export async function readChatTemplate(
  files: TokenizerFiles,
  settings: Record<string, unknown>,
): Promise<string | undefined> {
  const file = await readTokenizerText(files, "chat_template.jinja");
  if (file !== undefined) return file;
  const json = await readTokenizerJson(files, "chat_template.json");
  const template: unknown = json?.chat_template ?? settings.chat_template;
  if (!Array.isArray(template)) return typeof template === "string" ? template : undefined;
  const named: unknown = template.find((entry: unknown) => isRecord(entry) && entry.name === "default");
  return isRecord(named) && typeof named.template === "string" ? named.template : undefined;
}

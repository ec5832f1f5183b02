import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { tokenText } from "./tokenizer.ts";
import { readTokenizerJson, readTokenizerText, type TokenizerFiles } from "./tokenizer-source.ts";

/** What a chat template needs (`models/chat-template.ts` renders it): the template and the special tokens' texts. */
export interface ChatFormat {
  /** Jinja source, or undefined for a model without one. */
  readonly template: string | undefined;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  /** All special tokens that a template sees, by name: `pad_token`. Those above if left out. */
  readonly specialTokens?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

/**
 * Reads how a checkpoint is talked to, from the files beside its tokenizer or from a GGUF file's metadata. The tokenizer
 * itself may be of any kind.
 * @throws InputError for several templates of which none is the default
 */
export async function readChatFormat({ tokenizer, tokenizerFiles }: Checkpoint): Promise<ChatFormat> {
  if (tokenizer !== undefined) {
    const { chatTemplate, bosId, eosIds, unknownId, padId } = tokenizer;
    const [bosToken, eosToken] = [tokenText(tokenizer, bosId), tokenText(tokenizer, eosIds[0])];
    return {
      template: chatTemplate,
      bosToken,
      eosToken,
      specialTokens: specialTokens({
        bos_token: bosToken,
        eos_token: eosToken,
        unk_token: tokenText(tokenizer, unknownId),
        pad_token: tokenText(tokenizer, padId),
      }),
    };
  }
  const settings = await readTokenizerSettings(tokenizerFiles);
  return {
    template: await readChatTemplate(tokenizerFiles, settings),
    bosToken: textOfToken(settings.bos_token),
    eosToken: textOfToken(settings.eos_token),
    specialTokens: specialTokens(settings),
  };
}

/**
 * tokenizer_config.json, as transformers reads it: the special tokens of special_tokens_map.json count where it does not say
 * of what kind its tokens are.
 */
export async function readTokenizerSettings(files: TokenizerFiles): Promise<Record<string, unknown>> {
  const settings = (await readTokenizerJson(files, "tokenizer_config.json")) ?? {};
  if (settings.added_tokens_decoder !== undefined) return settings;
  return { ...settings, ...(await readTokenizerJson(files, "special_tokens_map.json")) };
}

/** The special tokens with a name, in transformers' order. */
const NAMED = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** The special tokens of settings, by name, as texts; those that are not set are left out: a template sees that. */
function specialTokens(settings: Readonly<Record<string, unknown>>): Record<string, string | readonly string[]> {
  const { extra_special_tokens: extra, additional_special_tokens: additional } = settings;
  const own = isRecord(extra) ? extra : {};
  const named = [...NAMED.map((name) => [name, settings[name]] as const), ...Object.entries(own)].flatMap(
    ([name, token]) => {
      const text = textOfToken(token);
      return text === undefined ? [] : [[name, text] as const];
    },
  );
  const list: unknown[] = Array.isArray(additional) ? additional : [];
  const texts = list.flatMap((token) => textOfToken(token) ?? []);
  return { ...Object.fromEntries(named), ...(texts.length === 0 ? {} : { additional_special_tokens: texts }) };
}

/** The text of a special token: it is written as its text, or as an object with `content`. */
export function textOfToken(token: unknown): string | undefined {
  const text = isRecord(token) ? token.content : token;
  return typeof text === "string" ? text : undefined;
}

/**
 * The chat template of tokenizer files: the file chat_template.jinja wins, as in transformers; of several named ones, `default`.
 * @throws InputError for several of which none is the default
 */
export async function readChatTemplate(
  files: TokenizerFiles,
  settings: Record<string, unknown>,
): Promise<string | undefined> {
  const file = await readTokenizerText(files, "chat_template.jinja");
  if (file !== undefined) return file;
  const json = await readTokenizerJson(files, "chat_template.json");
  const template: unknown = json?.chat_template ?? settings.chat_template;
  if (typeof template === "string") return template;
  if (!Array.isArray(template) && !isRecord(template)) return undefined;
  const named = templatesByName(template);
  const found = named.get("default");
  if (found !== undefined || named.size === 0) return found;
  throw new InputError(
    `${files.where}: tokenizer_config.json: expected a chat template called default among several, found ${[...named.keys()].join(", ")}`,
    { hint: "Put the one to use into chat_template.jinja in the same folder: it wins." },
  );
}

/** Templates by name, in both forms that there are: a list of names and templates, and an object. */
function templatesByName(templates: readonly unknown[] | Readonly<Record<string, unknown>>): Map<string, string> {
  const entries: [unknown, unknown][] = isRecord(templates)
    ? Object.entries(templates)
    : templates.map((entry) => (isRecord(entry) ? [entry.name, entry.template] : [undefined, undefined]));
  const named = new Map<string, string>();
  for (const [name, template] of entries) {
    if (typeof name === "string" && typeof template === "string") named.set(name, template);
  }
  return named;
}

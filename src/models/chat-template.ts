import { InputError, messageOf } from "../base/errors.ts";
import type { ChatFormat } from "../checkpoints/tokenizer/chat-format.ts";
import { TemplateProcess } from "./chat/template-process.ts";

/** A message of a conversation, in the words of chat templates. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A conversation as the text that the model completes. */
export interface RenderedChat {
  /** The whole prompt. */
  readonly prompt: string;
  /**
   * The end of the prompt that belongs to the assistant's turn: what the template writes for the assistant beyond the head
   * of its turn, such as `<think>\n`. Put in front of a completion, it gives the whole turn.
   */
  readonly prefill: string;
}

interface RenderOptions {
  /** As 2026-11-30, for templates that ask for the date; today if left out. */
  readonly date?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const renderer = new TemplateProcess();

/**
 * Renders a conversation with the model's own chat template, up to where the assistant begins, with the variables that
 * transformers gives to it. A model without a template gets the contents, one below the other. The template is an untrusted
 * program: it runs in a process of its own, with limits of time and memory.
 *
 * @throws InputError if the template is no valid Jinja, refuses the messages, or takes too much; `signal.reason` if aborted
 */
export async function renderChat(
  chat: ChatFormat,
  messages: readonly ChatMessage[],
  options: RenderOptions = {},
): Promise<RenderedChat> {
  const {
    template,
    bosToken,
    eosToken,
    specialTokens = withoutUndefined({ bos_token: bosToken, eos_token: eosToken }),
  } = chat;
  if (template === undefined) {
    return { prompt: messages.map(({ content }) => content).join("\n\n"), prefill: "" };
  }
  const values = {
    ...specialTokens,
    messages: messages.map(({ role, content }) => ({ role, content })),
    tools: null,
    documents: null,
    add_generation_prompt: true,
  };
  try {
    const prompt = await renderer.render(template, values, options);
    // Templates of reasoning models open the thinking, or (asked not to think) open and close it.
    return { prompt, prefill: /<think>\s*(?:<\/think>\s*)?$/.exec(prompt)?.[0] ?? "" };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `Expected the model's chat template to render ${describe(messages)}, found: ${messageOf(error)}`,
      {
        hint: "The template is in the checkpoint: chat_template in tokenizer_config.json, or chat_template.jinja.",
        cause: error,
      },
    );
  }
}

function describe(messages: readonly ChatMessage[]): string {
  return `a conversation of ${messages.map(({ role }) => role).join(", ")}`;
}

function withoutUndefined(values: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

import { Template } from "@huggingface/jinja";
import { InputError, messageOf } from "../base/errors.ts";
import type { ChatFormat } from "../checkpoints/chat-format.ts";

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

/**
 * Renders a conversation with the model's own chat template, up to where the assistant begins. A model without a template
 * gets the contents, one below the other.
 *
 * @throws InputError if the template is no valid Jinja, or refuses the messages
 */
export function renderChat(chat: ChatFormat, messages: readonly ChatMessage[]): RenderedChat {
  if (chat.template === undefined) {
    return { prompt: messages.map(({ content }) => content).join("\n\n"), prefill: "" };
  }
  let prompt: string;
  try {
    prompt = new Template(chat.template).render({
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: true,
      bos_token: chat.bosToken ?? "",
      eos_token: chat.eosToken ?? "",
    });
  } catch (error) {
    throw new InputError(
      `Expected the model's chat template to render ${describe(messages)}, found: ${messageOf(error)}`,
      {
        hint: "The template is in the checkpoint: chat_template in tokenizer_config.json, or chat_template.jinja.",
        cause: error,
      },
    );
  }
  // Templates of reasoning models open the thinking, or (asked not to think) open and close it.
  return { prompt, prefill: /<think>\s*(?:<\/think>\s*)?$/.exec(prompt)?.[0] ?? "" };
}

function describe(messages: readonly ChatMessage[]): string {
  return `a conversation of ${messages.map(({ role }) => role).join(", ")}`;
}

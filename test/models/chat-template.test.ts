import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import type { ChatFormat } from "../../src/checkpoints/chat-format.ts";
import { renderChat } from "../../src/models/chat-template.ts";

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

function format(template: string | undefined): ChatFormat {
  return { template, bosToken: "<bos>", eosToken: "<eos>" };
}

describe("a chat template", () => {
  test("gives the prompt up to where the assistant begins", () => {
    expect(renderChat(format(CHATML), [{ role: "user", content: "2 + 2?" }])).toEqual({
      prompt: "<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\n",
      prefill: "",
    });
  });

  test("that opens the thinking gives that as the beginning of the answer", () => {
    const template = "{{ bos_token }}{{ messages[0].content }}{% if add_generation_prompt %}<A><think>\n{% endif %}";
    expect(renderChat(format(template), [{ role: "user", content: "Hi" }])).toEqual({
      prompt: "<bos>Hi<A><think>\n",
      prefill: "<think>\n",
    });
  });

  test("does not take a <think> of the question for the assistant's", () => {
    const { prefill } = renderChat(format("{{ messages[0].content }}"), [{ role: "user", content: "<think> why" }]);
    expect(prefill).toBe("");
  });

  test("is not needed: the plain text is the prompt", () => {
    expect(renderChat(format(undefined), [{ role: "user", content: "2 + 2 =" }])).toEqual({
      prompt: "2 + 2 =",
      prefill: "",
    });
  });

  test("that refuses the messages is an error with its own words", () => {
    const template = "{{ raise_exception('no system role, please') }}";
    expect(() => renderChat(format(template), [{ role: "system", content: "x" }])).toThrow(InputError);
    expect(() => renderChat(format(template), [{ role: "system", content: "x" }])).toThrow(/no system role, please/);
    expect(() => renderChat(format("{% if %}"), [{ role: "user", content: "x" }])).toThrow(InputError);
  });
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import type { ChatFormat } from "../../src/checkpoints/tokenizer/chat-format.ts";
import { renderChat } from "../../src/models/chat-template.ts";
import { projectRoot } from "../helpers/shared.ts";

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

function format(template: string | undefined, specialTokens?: ChatFormat["specialTokens"]): ChatFormat {
  return { template, bosToken: "<bos>", eosToken: "<eos>", specialTokens };
}

async function promptOf(template: string, content = "Hi", options = {}): Promise<string> {
  return (await renderChat(format(template), [{ role: "user", content }], options)).prompt;
}

describe("a chat template", () => {
  test("gives the prompt up to where the assistant begins", async () => {
    expect(await renderChat(format(CHATML), [{ role: "user", content: "2 + 2?" }])).toEqual({
      prompt: "<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\n",
      prefill: "",
    });
  });

  test("that opens the thinking gives that as the beginning of the answer", async () => {
    const template = "{{ bos_token }}{{ messages[0].content }}{% if add_generation_prompt %}<A><think>\n{% endif %}";
    expect(await renderChat(format(template), [{ role: "user", content: "Hi" }])).toEqual({
      prompt: "<bos>Hi<A><think>\n",
      prefill: "<think>\n",
    });
  });

  test("does not take a <think> of the question for the assistant's", async () => {
    const chat = format("{{ messages[0].content }}");
    expect((await renderChat(chat, [{ role: "user", content: "<think> why" }])).prefill).toBe("");
  });

  test("is not needed: the plain text is the prompt", async () => {
    expect(await renderChat(format(undefined), [{ role: "user", content: "2 + 2 =" }])).toEqual({
      prompt: "2 + 2 =",
      prefill: "",
    });
  });

  test("that refuses the messages is an error with its own words", async () => {
    const template = "{{ raise_exception('no system role, please') }}";
    const rejected = renderChat(format(template), [{ role: "system", content: "x" }]);
    await expect(rejected).rejects.toThrow(InputError);
    await expect(rejected).rejects.toThrow(/no system role, please/);
    await expect(promptOf("{% if %}")).rejects.toThrow(InputError);
  });
});

describe("what a template sees is what transformers gives it", () => {
  test("tools and documents are none", async () => {
    const template = "{% if tools is none and documents is none and not tools %}none{% else %}WRONG{% endif %}";
    expect(await promptOf(template)).toBe("none");
    expect(await promptOf("{% if tools is defined %}defined{% endif %}")).toBe("defined");
  });

  test("special tokens by name, and nothing of those that are not set", async () => {
    const template = "{{ pad_token }}|{{ unk_token }}|{% if unk_token is defined %}WRONG{% endif %}";
    const chat = format(template, { pad_token: "<pad>" });
    expect((await renderChat(chat, [{ role: "user", content: "Hi" }])).prompt).toBe("<pad>||");
  });

  test("the date, in English", async () => {
    const template = "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%A, %B %-d') }}|{{ strftime_now('%Y-%m-%d') }}";
    expect(await promptOf(template, "", { date: "2026-02-03" })).toBe("03 Feb 2026|Tuesday, February 3|2026-02-03");
    await expect(promptOf("{{ strftime_now('%Q') }}")).rejects.toThrow("the directive %Q is not known");
  });
});

/** A template in which a value doubles. */
function doubled(value: string, times: number, use: string): string {
  return `{% set ns = namespace(x=${value}) %}{% for i in range(${times}) %}{% set ns.x = ns.x + ns.x %}{% endfor %}${use}`;
}

describe("a hostile template", () => {
  test.each([
    ["a range without end", "{% for i in range(1000000000000) %}{% endfor %}", /range: 1000000000000 numbers/],
    ["a list that doubles", doubled("[1]", 60, "{{ ns.x | length }}"), /takes more than 256 MB|out of memory|Invalid/],
    ["a text that doubles", doubled("'ab'", 60, "{{ ns.x | upper }}"), /Invalid string length|takes more than 256 MB/],
    ["brackets without end", `{{ ${"(".repeat(50_000)}1${")".repeat(50_000)} }}`, /call stack/],
    ["a prompt that is no prompt", doubled("'abcdefgh'", 22, "{{ ns.x }}"), /more than 16000000/],
  ])(
    "%s is refused, and this process goes on",
    async (_what, template, message) => {
      const rejected = promptOf(template);
      await expect(rejected).rejects.toThrow(InputError);
      await expect(rejected).rejects.toThrow(message);
      expect(await promptOf("{{ messages[0].content }}", "still here")).toBe("still here");
    },
    40_000,
  );

  test("that never ends is ended, and those behind it are rendered all the same", async () => {
    const loop = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
    const endless = promptOf(loop);
    const behind = promptOf("{{ messages[0].content }}", "behind");
    const interrupted = promptOf(loop, "", { signal: AbortSignal.timeout(200) });
    const started = performance.now();
    await expect(interrupted).rejects.toThrow("timeout");
    expect(performance.now() - started).toBeLessThan(2000);
    await expect(endless).rejects.toThrow("it was not done after 10 seconds");
    expect(await behind).toBe("behind");
  }, 40_000);
});

test("thousands of prompts take a second or two, in their order", async () => {
  await promptOf(CHATML);
  const started = performance.now();
  const prompts = await Promise.all(Array.from({ length: 3000 }, (_, i) => promptOf(CHATML, `${i} `.repeat(300))));
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(prompts.every((prompt, i) => prompt.startsWith(`<|im_start|>user\n${i} ${i} `))).toBe(true);
}, 40_000);

test("the process that renders keeps no other alive", () => {
  const module = pathToFileURL(join(projectRoot, "src/models/chat-template.ts")).href;
  const code = `import { renderChat } from ${JSON.stringify(module)};
    const { prompt } = await renderChat({ template: "{{ messages[0].content }}" }, [{ role: "user", content: "done" }]);
    console.log(prompt);`;
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    cwd: projectRoot,
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ stdout, status }).toEqual({ stdout: "done\n", status: 0 });
});

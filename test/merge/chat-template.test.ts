import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { readChatFormat } from "../../src/checkpoints/tokenizer/chat-format.ts";
import { CHAT_TEMPLATE_NAMES, chatTemplateOf } from "../../src/merge/chat-templates.ts";
import { planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const scratch = scratchFolder();

const CONVERSATION = {
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello" },
    { role: "user", content: "Bye" },
  ],
  add_generation_prompt: true,
  bos_token: "<s>",
  eos_token: "</s>",
};

test.each([
  ["alpaca", "Be brief.\n\n### Instruction:\nHi\n\n### Response:\nHello\n\n### Instruction:\nBye\n\n### Response:\n"],
  [
    "chatml",
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
  ],
  [
    "exaone",
    "[|system|]Be brief.[|endofturn|]\n[|user|]Hi\n[|assistant|]Hello[|endofturn|]\n[|user|]Bye\n[|assistant|]",
  ],
  [
    "llama3",
    "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
  ],
  ["mistral", "<s>[INST] Be brief.\n\nHi [/INST] Hello</s>[INST] Bye [/INST]"],
])("the template called %s writes a conversation as models of its kind read it", (name, text) => {
  expect(CHAT_TEMPLATE_NAMES).toContain(name);
  expect(new Template(chatTemplateOf(name)).render(CONVERSATION)).toBe(text);
});

async function mergedTemplate(chatTemplate: string): Promise<string | undefined> {
  const models = ["len", "accfmt"].map((model) => ({
    model: `checkpoints/pocket/${model}`,
    parameters: { weight: 0.5 },
  }));
  const recipe = parseRecipe({ merge_method: "linear", models, chat_template: chatTemplate }, "test");
  const plan = await planMerge(recipe, { root: projectRoot });
  const folder = join(scratch, `out-${Math.random()}`);
  try {
    await writeMergedCheckpoint(plan, folder);
  } finally {
    await plan.close();
  }
  const settings = JSON.parse(await readFile(join(folder, "tokenizer_config.json"), "utf8"));
  const merged = await openCheckpoint(folder);
  const { template } = await readChatFormat(merged);
  await merged.close();
  expect(settings.chat_template).toBe(template);
  return template;
}

test("a merge gets the chat template that its recipe names, writes, or leaves to its models", async () => {
  expect(await mergedTemplate("chatml")).toBe(chatTemplateOf("chatml"));
  expect(await mergedTemplate("{{ messages[0].content }}")).toBe("{{ messages[0].content }}");
  const base = await openCheckpoint(join(projectRoot, "checkpoints/pocket/len"));
  expect(await mergedTemplate("auto")).toBe((await readChatFormat(base)).template?.trim());
  await base.close();
});

test("a chat template that is no Jinja is refused before anything is written", async () => {
  await expect(mergedTemplate("{% for %}")).rejects.toThrow(/chat_template: expected a Jinja template/);
});

import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../../src/checkpoints/checkpoint.ts";
import { readChatFormat } from "../../../src/checkpoints/tokenizer/chat-format.ts";
import { madeTokenizer } from "../../../src/checkpoints/tokenizer/tokenizer-source.ts";

function checkpointWith(files: Readonly<Record<string, object | string>>): Checkpoint {
  const bytes = Object.entries(files).map(
    ([name, content]) =>
      [name, new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content))] as const,
  );
  return {
    path: "model",
    format: "safetensors",
    reader: { tensors: new Map(), read: () => Promise.resolve(), close: () => Promise.resolve() },
    config: {},
    tokenizerFiles: madeTokenizer("model", new Map(bytes)),
    origins: [],
    close: () => Promise.resolve(),
  };
}

describe("special tokens", () => {
  const settings = {
    bos_token: null,
    eos_token: { content: "<eos>", special: true },
    pad_token: "<pad>",
    additional_special_tokens: ["<a>", { content: "<b>" }],
    extra_special_tokens: { image_token: "<image>" },
    added_tokens_decoder: {},
  };

  test("are texts by name; those that are null are not there", async () => {
    const chat = await readChatFormat(checkpointWith({ "tokenizer_config.json": settings }));
    expect(chat).toMatchObject({ bosToken: undefined, eosToken: "<eos>" });
    expect(chat.specialTokens).toEqual({
      eos_token: "<eos>",
      pad_token: "<pad>",
      image_token: "<image>",
      additional_special_tokens: ["<a>", "<b>"],
    });
  });

  test("of special_tokens_map.json count where tokenizer_config.json does not say what its tokens are", async () => {
    const map = { bos_token: "<s>", pad_token: { content: "<fill>" } };
    const { added_tokens_decoder: _, ...old } = settings;
    const read = async (config: object): Promise<unknown> =>
      (await readChatFormat(checkpointWith({ "tokenizer_config.json": config, "special_tokens_map.json": map })))
        .specialTokens;
    expect(await read(settings)).not.toHaveProperty("bos_token");
    expect(await read(old)).toMatchObject({ bos_token: "<s>", eos_token: "<eos>", pad_token: "<fill>" });
  });
});

describe("several chat templates", () => {
  const list = [
    { name: "tool_use", template: "tools" },
    { name: "default", template: "plain" },
  ];

  test.each([
    ["a list", list],
    ["an object", { tool_use: "tools", default: "plain" }],
  ])("as %s: the default counts", async (_form, templates) => {
    const model = checkpointWith({ "tokenizer_config.json": { chat_template: templates } });
    expect((await readChatFormat(model)).template).toBe("plain");
  });

  test("without a default are refused, unless a file says which", async () => {
    const settings = { "tokenizer_config.json": { chat_template: list.slice(0, 1) } };
    await expect(readChatFormat(checkpointWith(settings))).rejects.toThrow(
      "expected a chat template called default among several, found tool_use",
    );
    const model = checkpointWith({ ...settings, "chat_template.jinja": "file" });
    expect((await readChatFormat(model)).template).toBe("file");
  });
});

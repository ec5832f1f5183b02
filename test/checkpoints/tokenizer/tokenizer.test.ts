import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../../../src/base/errors.ts";
import { layoutCheckpointGguf } from "../../../src/checkpoints/gguf/gguf-layout.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { padTokenizer, readTokenizer } from "../../../src/checkpoints/tokenizer/read-tokenizer.ts";
import type { Tokenizer } from "../../../src/checkpoints/tokenizer/tokenizer.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { copyPocketTokenizer, writeTinyModel } from "../tiny-checkpoint.ts";

let folder: string;
beforeEach(async () => {
  folder = scratchFolder();
  await writeTinyModel(folder, "qwen2", 520);
  await copyPocketTokenizer(folder);
});

async function read(): Promise<Tokenizer> {
  const checkpoint = await openCheckpoint(folder);
  try {
    return await readTokenizer(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Rewrites a JSON file of the checkpoint. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests break files in every way
async function change(file: string, edit: (json: any) => void): Promise<void> {
  const json: unknown = JSON.parse(await readFile(join(folder, file), "utf8"));
  edit(json);
  await writeFile(join(folder, file), JSON.stringify(json));
}

describe("readTokenizer", () => {
  test("reads the pocket tokenizer with its special tokens and chat template", async () => {
    const checkpoint = await openCheckpoint(join(projectRoot, "checkpoints/pocket/base"));
    const tokenizer = await readTokenizer(checkpoint);
    await checkpoint.close();
    expect(tokenizer).toMatchObject({
      kind: "bpe",
      pre: "qwen2",
      bosId: 507,
      eosIds: [509, 507],
      padId: 507,
      addBos: false,
    });
    expect(tokenizer.tokens).toHaveLength(512);
    expect(tokenizer.merges).toHaveLength(251);
    expect(tokenizer.merges[0]).toBe("Ġ =");
    expect(tokenizer.types.slice(506)).toEqual([1, 3, 3, 3, 4, 4]);
    expect(tokenizer.chatTemplate).toContain("add_generation_prompt");
  });

  test("reads merges that are written as one string", async () => {
    const pairs = (await read()).merges;
    await change("tokenizer.json", (json) => {
      json.model.merges = json.model.merges.map((pair: string[]) => pair.join(" "));
    });
    expect((await read()).merges).toEqual(pairs);
  });

  test("prefers chat_template.jinja", async () => {
    await writeFile(join(folder, "chat_template.jinja"), "{{ messages }}");
    expect((await read()).chatTemplate).toBe("{{ messages }}");
  });

  test("takes the default of several chat templates", async () => {
    await change("tokenizer_config.json", (json) => {
      json.chat_template = [
        { name: "tool_use", template: "a" },
        { name: "default", template: "b" },
      ];
    });
    expect((await read()).chatTemplate).toBe("b");
  });

  test("begins texts with the token of the post-processor, unless tokenizer_config.json says no", async () => {
    await change("tokenizer.json", (json) => {
      json.post_processor = { type: "TemplateProcessing", single: [{ SpecialToken: { id: "<|endoftext|>" } }] };
    });
    await change("tokenizer_config.json", (json) => {
      json.bos_token = { content: "<|endoftext|>" };
    });
    expect(await read()).toMatchObject({ addBos: true, bosId: 507 });
    await change("tokenizer_config.json", (json) => {
      json.add_bos_token = false;
    });
    expect((await read()).addBos).toBe(false);
  });

  test("tells the tokenizers of DeepSeek-R1-Distill-Qwen, Llama 3 and Phi-4 by their steps", async () => {
    await change("tokenizer.json", (json) => {
      json.added_tokens.push({ id: 512, content: "<｜begin▁of▁sentence｜>", special: true });
    });
    expect((await read()).pre).toBe("deepseek-r1-qwen");
    await change("tokenizer.json", (json) => {
      const split = json.pre_tokenizer.pretokenizers[0];
      split.pattern.Regex = split.pattern.Regex.replace("|\\p{N}|", "|\\p{N}{1,3}|");
    });
    expect((await read()).pre).toBe("dbrx");
    await change("tokenizer.json", (json) => {
      json.model.ignore_merges = true;
    });
    expect((await read()).pre).toBe("llama-bpe");
  });

  test("fills ids that no token has with unused tokens", async () => {
    await change("tokenizer.json", (json) => json.added_tokens.push({ id: 515, content: "<new>", special: false }));
    const { tokens, types } = await read();
    expect(tokens.slice(511)).toEqual(["</think>", "[PAD512]", "[PAD513]", "[PAD514]", "<new>"]);
    expect(types.slice(511)).toEqual([4, 5, 5, 5, 4]);
  });

  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  test.each<[string, (json: any) => void, string]>([
    ["two tokens of one text", (json) => (json.added_tokens[0].content = "A"), "same text"],
    ["two tokens of one id", (json) => (json.model.vocab["!"] = json.model.vocab['"']), "is both"],
    ["an id that is no number", (json) => (json.model.vocab["!"] = "0"), "expected an id"],
    ["an absurd id", (json) => (json.added_tokens[0].id = 1e9), "expected an id"],
    ["a negative id", (json) => (json.added_tokens[0].id = -1), "expected an id"],
    ["a merge of three", (json) => (json.model.merges[0] = ["a", "b", "c"]), "merge of two tokens"],
    ["no merges", (json) => delete json.model.merges, "model.merges"],
    ["no vocabulary", (json) => delete json.model.vocab, "model.vocab"],
    ["an added token without text", (json) => (json.added_tokens[0] = {}), "expected an added token"],
    [
      "WordPiece",
      (json) => {
        json.model = { type: "WordPiece" };
        json.pre_tokenizer = null;
        json.decoder = null;
      },
      "WordPiece",
    ],
  ])("refuses %s", async (_what, edit, message) => {
    await change("tokenizer.json", edit);
    await expect(read()).rejects.toThrow(message);
    await expect(read()).rejects.toThrow(InputError);
  });

  test("refuses a checkpoint without a tokenizer", async () => {
    await rm(join(folder, "tokenizer.json"));
    await expect(read()).rejects.toThrow("found neither");
  });

  test("refuses a tokenizer.model that is none", async () => {
    await rm(join(folder, "tokenizer.json"));
    await writeFile(join(folder, "tokenizer.model"), "version https://git-lfs.github.com/spec/v1");
    await expect(read()).rejects.toThrow(InputError);
  });
});

describe("padTokenizer", () => {
  test("makes as many tokens as the embedding has rows", async () => {
    const padded = padTokenizer(await read(), 520, "x");
    expect(padded.tokens.slice(512)).toEqual([512, 513, 514, 515, 516, 517, 518, 519].map((id) => `[PAD${id}]`));
    expect(padded.types.slice(512)).toEqual(Array.from({ length: 8 }, () => 5));
  });

  test("refuses an embedding with fewer rows than there are tokens", async () => {
    const tokenizer = await read();
    expect(() => padTokenizer(tokenizer, 511, "x")).toThrow("has 512 tokens, the embedding 511 rows");
  });
});

describe("layoutCheckpointGguf", () => {
  test.each([
    ["num_hidden_layers", 3, "tensors are missing"],
    ["num_hidden_layers", 1, "beyond the 1 layers"],
    ["intermediate_size", 128, "expected shape [128, 64]"],
    ["num_key_value_heads", 4, "expected shape [64, 64]"],
    ["tie_word_embeddings", false, "lm_head.weight"],
    ["model_type", "bert", "not supported"],
  ])("refuses a config.json whose %s is %s", async (key, value, message) => {
    await change("config.json", (json) => {
      json[key] = value;
    });
    const checkpoint = await openCheckpoint(folder);
    await expect(layoutCheckpointGguf(checkpoint, [...checkpoint.reader.tensors.values()], "bf16")).rejects.toThrow(
      message,
    );
    await checkpoint.close();
  });
});

import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { readTokenizer } from "../../src/checkpoints/tokenizer/read-tokenizer.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");
const INDEX = "model.safetensors.index.json";
const SHARD = "model-00001-of-00001.safetensors";
const NORM = "model.norm.weight";

let scratch: string;
let model: string;
let adapter: string;
beforeEach(async () => {
  scratch = scratchFolder();
  model = join(scratch, "snapshots/main/model");
  adapter = join(scratch, "snapshots/main/adapter");
  await cp(LEN, model, { recursive: true });
  await mkdir(adapter);
  const config = { peft_type: "LORA", r: 1, lora_alpha: 1 };
  await writeFile(join(adapter, "adapter_config.json"), JSON.stringify(config));
  const { header, byteLength } = layoutSafetensors([{ name: `base_model.model.${NORM}`, dtype: "BF16", shape: [256] }]);
  await writeFile(join(adapter, "adapter_model.safetensors"), header);
  await truncate(join(adapter, "adapter_model.safetensors"), byteLength);
});

/** Opens the model with its adapter and reads its tokenizer, as a merge or conversion does. */
async function openAll(): Promise<void> {
  const checkpoint = await openCheckpoint(`${model}+${adapter}`);
  try {
    await readTokenizer(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

async function refusal(): Promise<string> {
  const error: unknown = await openAll().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InputError) return `${error.message}\n${error.hint}`;
  throw error instanceof Error ? error : new Error("expected a refusal");
}

async function writeIndex(): Promise<void> {
  const checkpoint = await openCheckpoint(model);
  const shards = Array.from(checkpoint.reader.tensors.keys(), (name) => [name, SHARD]);
  await checkpoint.close();
  await rename(join(model, "model.safetensors"), join(model, SHARD));
  await writeFile(join(model, INDEX), JSON.stringify({ weight_map: Object.fromEntries(shards) }));
}

const FILES: readonly string[] = [
  "model/config.json",
  `model/${SHARD}`,
  `model/${INDEX}`,
  "model/tokenizer.json",
  "model/tokenizer_config.json",
  "model/generation_config.json",
  "adapter/adapter_config.json",
  "adapter/adapter_model.safetensors",
];

/** Everything that is read of a model and its adapter, each file by its path. */
describe.each(FILES)("%s", (file) => {
  let path: string;
  beforeEach(async () => {
    await writeIndex();
    await openAll();
    path = join(scratch, "snapshots/main", file);
  });

  test("may not be a pipe: nothing waits for its writer", async () => {
    await rm(path);
    execFileSync("mkfifo", [path]);
    expect(await refusal()).toMatch(/expected a file, found a pipe|to be a file, found something else/);
  });

  test("may not be a folder", async () => {
    await rm(path);
    await mkdir(path);
    expect(await refusal()).toMatch(/expected a file, found a folder|to be a file, found something else/);
  });

  test("may not be a link out of the folder", async () => {
    await rename(path, join(scratch, "elsewhere"));
    await symlink(join(scratch, "elsewhere"), path);
    expect(await refusal()).toMatch(
      /expected a file in the checkpoint folder, found a link to .*elsewhere\nLink the wh/,
    );
  });

  test("may not be a link that leads nowhere", async () => {
    await rm(path);
    await symlink(join(scratch, "nowhere"), path);
    expect(await refusal()).toMatch(/Expected a file .*, found none\nA file is missing/);
  });
});

test("a GGUF file that is a pipe is refused, too", async () => {
  const path = join(scratch, "pipe.gguf");
  execFileSync("mkfifo", [path]);
  await expect(openCheckpoint(path)).rejects.toThrow(`Expected ${path} to be a file, found something else`);
});

test("links to the blobs of the Hugging Face cache are followed", async () => {
  await writeIndex();
  await mkdir(join(scratch, "blobs"));
  for (const [folder, repo] of [
    [model, "m"],
    [adapter, "a"],
  ] as const) {
    // As `models--org--name/snapshots/<commit>/file -> ../../blobs/<digest>`.
    const snapshot = join(scratch, repo, "snapshots/commit");
    const blobs = join(scratch, repo, "blobs");
    await mkdir(snapshot, { recursive: true });
    await mkdir(blobs);
    for (const name of await readdir(folder)) {
      await rename(join(folder, name), join(blobs, `digest-${name}`));
      await symlink(`../../blobs/digest-${name}`, join(snapshot, name));
    }
  }
  model = join(scratch, "m/snapshots/commit");
  adapter = join(scratch, "a/snapshots/commit");
  await openAll();
  expect((await cli(["convert", `${model}+${adapter}`, join(scratch, "out.gguf")])).code).toBe(0);
});

test("a config.json of lists in lists without end is refused", async () => {
  const text = (await readFile(join(model, "config.json"), "utf8")).trim();
  const lists = "[".repeat(100_000) + "]".repeat(100_000);
  await writeFile(join(model, "config.json"), `${text.slice(0, -1)}, "deep": ${lists}}`);
  expect(await refusal()).toMatch(/config\.json: expected JSON of at most 100 levels, found deeper ones/);
});

test("a config.json of absurd size is refused unread", async () => {
  await truncate(join(model, "config.json"), 10e9);
  expect(await refusal()).toMatch(/config\.json: expected at most 268.4 MB, found a file of 10.0 GB/);
  expect((await readFile(join(LEN, "config.json"))).length).toBeLessThan(1000);
});

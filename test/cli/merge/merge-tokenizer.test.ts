import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

let folder: string;
beforeEach(async () => {
  folder = scratchFolder();
  for (const model of ["len", "accfmt"]) {
    await cp(join(projectRoot, "checkpoints/pocket", model), join(folder, model), { recursive: true });
  }
});

const WEIGHTS = new Set(["README.md", "config.json", "mergekit_config.yml", "model.safetensors"]);

/** Merges the two models by a recipe with these lines more. */
async function merge(lines: string, ...flags: string[]): Promise<{ code: number; stderr: string; files: string[] }> {
  const config = join(folder, "merge.yml");
  const models = ["len", "accfmt"].map((model) => `  - { model: ${folder}/${model}, parameters: { weight: 0.5 } }\n`);
  await writeFile(config, `merge_method: linear\nmodels:\n${models.join("")}${lines}`);
  const { code, stderr } = await cli(["merge", config, join(folder, "out"), ...flags]);
  const files = await readdir(join(folder, "out")).catch(() => []);
  return { code, stderr, files: files.filter((name) => !WEIGHTS.has(name)).toSorted() };
}

async function removeTokenizer(model: string, ...names: string[]): Promise<void> {
  for (const name of names) await rm(join(folder, model, name));
}

test.each(["tokenizer_source: union\n", "tokenizer: { source: base }\n"])(
  "--no-copy-tokenizer leaves what %j builds in the merge",
  async (lines) => {
    const { code, stderr, files } = await merge(`${lines}chat_template: chatml\n`, "--no-copy-tokenizer");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(files).toEqual(expect.arrayContaining(["tokenizer.json", "tokenizer_config.json"]));
    expect(await readFile(join(folder, "out/chat_template.jinja"), "utf8")).toContain("im_start");
  },
);

test("a chat template has no place where the tokenizer is not copied, which is said", async () => {
  const { code, stderr, files } = await merge("chat_template: chatml\n", "--no-copy-tokenizer");
  expect({ code, files }).toEqual({ code: 0, files: [] });
  expect(stderr).toMatch(/^warning: chat_template has no effect: .*--no-copy-tokenizer\)\n$/);
});

test("a chat template for a donor without a tokenizer is refused before anything is merged", async () => {
  await removeTokenizer("len", "tokenizer.json", "tokenizer_config.json");
  const refused = await merge("chat_template: chatml\n");
  expect(refused).toMatchObject({ code: 2, files: [] });
  expect(refused.stderr).toMatch(
    /^mergesweep: chat_template: expected a tokenizer to write it to, found none in .*len\nPut the .*donor:/,
  );
  expect(await readdir(folder)).not.toContain("out");
  expect(await merge(`chat_template: chatml\ndonor: ${folder}/accfmt\n`)).toMatchObject({ code: 0, stderr: "" });
});

test("chat_template: auto among models that have none is said to choose none", async () => {
  for (const model of ["len", "accfmt"]) {
    const path = join(folder, model, "tokenizer_config.json");
    const { chat_template: _, ...settings } = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify(settings));
  }
  const { code, stderr, files } = await merge("chat_template: auto\n");
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: chat_template: auto: none of the models has a chat template/);
  expect(files).not.toContain("chat_template.jinja");
});

test("chat_template: auto takes the template that there is, and nothing more is said", async () => {
  expect(await merge("chat_template: auto\n")).toMatchObject({ code: 0, stderr: "" });
});

import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { sha256File } from "../../helpers/files/sha256-file.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const POCKET = join(projectRoot, "checkpoints/pocket");

const root = scratchFolder();

function linear(models: readonly string[], name?: string): string {
  const sources = models.map((model) => `  - { model: "${model}", parameters: { weight: 0.5 } }`);
  return `${name === undefined ? "" : `name: ${name}\n`}merge_method: linear\nmodels:\n${sources.join("\n")}\ndtype: bfloat16\n`;
}

async function configOf(file: string, ...documents: readonly string[]): Promise<string> {
  const path = join(root, file);
  await writeFile(path, documents.join("---\n"));
  return path;
}

const BASE = `${POCKET}/base`;
const LEN = `${POCKET}/len`;
const ACCFMT = `${POCKET}/accfmt`;

test("a merge is made of merges that its config names, whatever their order, as by hand", async () => {
  const first = await configOf("first.yml", linear([LEN, ACCFMT]));
  expect((await cli(["merge", first, join(root, "by-hand-first")])).code).toBe(0);
  const second = await configOf("second.yml", linear([join(root, "by-hand-first"), BASE]));
  expect((await cli(["merge", second, join(root, "by-hand")])).code).toBe(0);

  const several = await configOf("several.yml", linear(["half", BASE]), linear([LEN, ACCFMT], "half"));
  const { code, stdout } = await cli(["merge", several, join(root, "out"), "--json"]);
  expect(code).toBe(0);
  const weights = (folder: string): Promise<string> => sha256File(join(root, folder, "model.safetensors"));
  expect(await weights("out")).toBe(await weights("by-hand"));
  expect(JSON.parse(stdout)).toMatchObject({ out: join(root, "out"), stages: [{ name: "half", tensors: 50 }] });
  // What it was made of is gone, and it can be verified all the same.
  expect((await readdir(root)).filter((name) => name.includes(".out."))).toEqual([]);
  const verified = await cli(["verify", join(root, "out")]);
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("bit-identical") });

  const kept = await cli(["merge", several, join(root, "out-2"), "--intermediate-dir", join(root, "stages")]);
  expect(kept.code).toBe(0);
  expect(await weights("stages/half")).toBe(await weights("by-hand-first"));
  expect(await readFile(join(root, "stages/half/mergekit_config.yml"), "utf8")).toBe(linear([LEN, ACCFMT], "half"));
});

test("if all merges have names, they are made in the folder", async () => {
  const config = await configOf("named.yml", linear([LEN, ACCFMT], "a"), linear(["a", BASE], "b"));
  expect((await cli(["merge", config, join(root, "named")])).code).toBe(0);
  expect(["a", "b"].map((name) => existsSync(join(root, "named", name, "config.json")))).toEqual([true, true]);
  expect((await cli(["verify", join(root, "named/b"), "--recipe", config])).code).toBe(0);
});

test.each([
  ["a circle", [linear(["b"], "a"), linear(["a"], "b")], /found a circle: a, b, a/],
  ["two of one name", [linear([LEN], "a"), linear([LEN], "a")], /twice\.yml:\d+:\d+: expected one merge a, found two/],
  ["two without a name", [linear([LEN]), linear([LEN])], /expected one merge without a name, found two/],
  ["a name that is a path", [linear([LEN], "../a"), linear([LEN])], /expected a name that a folder can have/],
])("%s is refused", async (_what, documents, message) => {
  const { code, stderr } = await cli(["merge", await configOf("twice.yml", ...documents), join(root, "refused")]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test("a model is taken for the architecture that the config names", async () => {
  const odd = join(root, "odd");
  expect((await cli(["merge", await configOf("alone.yml", linear([LEN])), odd])).code).toBe(0);
  const config = JSON.parse(await readFile(join(odd, "config.json"), "utf8"));
  await writeFile(
    join(odd, "config.json"),
    JSON.stringify({ ...config, model_type: "custom", architectures: ["Custom"] }),
  );
  const long = (more: string): string =>
    `merge_method: linear\nmodels:\n  - { model: { model: { path: ${odd} }${more} }, parameters: { weight: 0.5 } }\n  - { model: ${ACCFMT}, parameters: { weight: 0.5 } }\ndtype: bfloat16\n`;
  const refused = await cli(["merge", await configOf("odd.yml", long("")), join(root, "odd-refused")]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("models of one architecture") });
  const path = await configOf("odd.yml", long(", override_architecture: Qwen2ForCausalLM"));
  expect((await cli(["merge", path, join(root, "odd-merged")])).code).toBe(0);
  expect(JSON.parse(await readFile(join(root, "odd-merged/config.json"), "utf8"))).toMatchObject({
    architectures: ["Qwen2ForCausalLM"],
    model_type: "custom",
  });
});

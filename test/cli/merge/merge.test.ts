import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { sha256File } from "../../helpers/files/sha256-file.ts";
import { goldenCases, goldenFolder } from "../../helpers/golden-merge.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const pocket = (name: string): string => join(projectRoot, "checkpoints/pocket", name);

describe("mergesweep merge", () => {
  it("makes mergekit's very file", async () => {
    const golden = goldenCases.find(({ name }) => name === "bf16_w01_w09");
    const wanted = golden?.files?.["model.safetensors"]?.sha256;
    const folder = scratchFolder();
    const config = join(folder, "config.yml");
    const text = await readFile(join(goldenFolder, golden?.config ?? ""), "utf8");
    await writeFile(config, text.replaceAll("./inputs", join(goldenFolder, "inputs")));
    const { code, stderr } = await cli(["merge", config, join(folder, "out")]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(wanted).toMatch(/^[0-9a-f]{64}$/);
    expect(await sha256File(join(folder, "out/model.safetensors"))).toBe(wanted);
  });

  it("never touches a folder that exists, and leaves nothing where it fails", async () => {
    const folder = scratchFolder();
    const config = join(folder, "config.yml");
    await writeFile(
      config,
      `merge_method: linear\nmodels:\n  - { model: ${pocket("len")}, parameters: { weight: 0.1 } }\n  - { model: ${pocket("accfmt")}, parameters: { weight: 0.9 } }\ndtype: bfloat16\n`,
    );
    expect((await cli(["merge", config, join(folder, "out")])).code).toBe(0);
    const again = await cli(["merge", config, join(folder, "out")]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain(join(folder, "out"));
    await writeFile(config, (await readFile(config, "utf8")).replace("weight: 0.1", "weigth: 0.1"));
    const wrong = await cli(["merge", config, join(folder, "other")]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/config\.yml:3:\d+.*weigth.*weight/s);
    expect((await readdir(folder)).toSorted()).toEqual(["config.yml", "out"]);
  });
});

async function shardsOf(size: string): Promise<{ shards: number; files: string[] }> {
  const folder = scratchFolder();
  const config = join(folder, "config.yml");
  await writeFile(
    config,
    `merge_method: linear\nmodels:\n  - { model: ${pocket("len")}, parameters: { weight: 1 } }\n`,
  );
  const flags = ["--out-shard-size", size, "--no-copy-tokenizer", "--allow-crimes", "--random-seed", "1"];
  const { code, stderr } = await cli(["merge", config, join(folder, "out"), ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const files = await readdir(join(folder, "out"));
  return { shards: files.filter((name) => name.endsWith(".safetensors")).length, files };
}

describe("mergekit's own flags", () => {
  it("are taken, with its sizes: 5B is five billions of bytes, 2M two millions", async () => {
    const whole = await shardsOf("5B");
    expect(whole.files.toSorted()).toEqual(["README.md", "config.json", "mergekit_config.yml", "model.safetensors"]);
    expect((await shardsOf("2M")).shards).toBe(3);
  });
});

describe("mergesweep convert", () => {
  it("writes a GGUF and names the weights by the same digest in every type", async () => {
    const folder = scratchFolder();
    const digests = await Promise.all(
      ["bf16", "f32", "q8_0"].map(async (type) => {
        const { code, stdout } = await cli([
          "convert",
          pocket("base"),
          join(folder, `${type}.gguf`),
          "--type",
          type,
          "--json",
        ]);
        expect(code).toBe(0);
        const result: { weights_sha256: string } = JSON.parse(stdout);
        return result.weights_sha256;
      }),
    );
    expect(new Set(digests).size).toBe(1);
  });
});

import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { readValues } from "../../src/tensors/read-values.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { sha256File } from "../helpers/files/sha256-file.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";
import { type LocalHub, modelOf, startHub } from "../hub/local-hub.ts";

const pocket = (name: string): string => join(projectRoot, "checkpoints/pocket", name);

let folder = "";
let hub: LocalHub;
beforeEach(async () => {
  folder = scratchFolder();
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HUB_OFFLINE", "");
  hub = await startHub({ "me/len": await modelOf(pocket("len")), "me/accfmt": await modelOf(pocket("accfmt")) });
  vi.stubEnv("HF_ENDPOINT", hub.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
});

function line(model: string, weight: number): string {
  return `  - { model: "${model}", parameters: { weight: ${weight} } }\n`;
}

/** Of all files of a model that are fetched. */
function bytesOf(model: string): number {
  const files = [...(hub.models.get(model)?.files ?? [])].filter(([name]) => name !== "README.md");
  return files.reduce((sum, [, bytes]) => sum + bytes.length, 0);
}

async function writeRecipe(first: string, second: string): Promise<string> {
  const path = join(folder, "merge.yml");
  await writeFile(path, `merge_method: linear\nmodels:\n${line(first, 0.2)}${line(second, 0.8)}dtype: bfloat16\n`);
  return path;
}

describe("models of the hub", () => {
  it("are merged as the same models in folders, and the card says which commits they were", async () => {
    const [remote, local] = [join(folder, "remote"), join(folder, "local")];
    const { code, stderr, stdout } = await cli([
      "merge",
      await writeRecipe("me/len@v1", "me/accfmt"),
      remote,
      "--json",
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/fetching me\/len@v1: model\.safetensors, .* of 5\.\d+ MB/);
    await cli(["merge", await writeRecipe(pocket("len"), pocket("accfmt")), local]);
    expect(await sha256File(join(remote, "model.safetensors"))).toBe(
      await sha256File(join(local, "model.safetensors")),
    );
    const commits = ["me/accfmt", "me/len"].map((repo) => `${repo}@${hub.models.get(repo)?.commit}`);
    expect(JSON.parse(stdout)).toMatchObject({ fetched: commits });
    const card = await readFile(join(remote, "README.md"), "utf8");
    expect(card).toContain(`* me/len@v1, [me/len at ${hub.models.get("me/len")?.commit}]`);
  });

  it("are converted and verified", async () => {
    const out = join(folder, "len.gguf");
    expect((await cli(["convert", "me/len", out])).code).toBe(0);
    const expected = join(folder, "expected.gguf");
    await cli(["convert", pocket("len"), expected]);
    expect(await sha256File(out)).toBe(await sha256File(expected));
    const recipe = await writeRecipe("me/len", "me/accfmt");
    await cli(["merge", recipe, join(folder, "merged")]);
    expect((await cli(["verify", join(folder, "merged"), "--recipe", recipe])).code).toBe(0);
    hub.models.set("me/merged", await modelOf(join(folder, "merged")));
    const { code, stdout } = await cli(["verify", "me/merged"]);
    expect(stdout).toContain("bit-identical");
    expect(code).toBe(0);
  });

  it("are the models and references of a sweep, whose plan records their commits", async () => {
    const sweep = join(folder, "sweep.yaml");
    await writeFile(
      sweep,
      `name: hub\naxes: { w: [0, 1] }\nrecipe:\n  merge_method: linear\n  models:\n` +
        `    - { model: me/len, parameters: { weight: "\${w}" } }\n    - { model: me/accfmt, parameters: { weight: "\${1 - w}" } }\n` +
        `references: { len: me/len@main }\nbenchmarks: [${join(projectRoot, "datasets/pocket-math/benchmark.yaml")}]\n` +
        `generation: { max_tokens: 16 }\n`,
    );
    const { code, stdout, stderr } = await cli(["plan", sweep, "--json"]);
    expect(stderr).not.toContain("mergesweep:");
    expect(code).toBe(0);
    const commits = ["me/accfmt", "me/len"].map((repo) => `${repo}@${hub.models.get(repo)?.commit}`);
    expect(JSON.parse(stdout)).toMatchObject({ plan: { fetched: commits } });
    // Both models, the larger part of each its weights of 5 MB; none of it was fetched.
    expect(JSON.parse(stdout).cost.bytesToFetch).toBe(bytesOf("me/len") + bytesOf("me/accfmt"));
    expect(existsSync(join(folder, "cache"))).toBe(false);
    expect(hub.asked.filter((asked) => asked.endsWith("model.safetensors"))).toEqual([]);
    expect((await cli(["plan", sweep])).stdout).toMatch(/disk: 1\d\.\d MB to fetch from the hub, /);
    const other = new Map(hub.models.get("me/len")?.files);
    const config = JSON.parse(String(other.get("config.json")));
    other.set("config.json", Buffer.from(JSON.stringify({ ...config, rope_scaling: { type: "linear", factor: "x" } })));
    hub.models.set("me/len", { files: other, commit: "d".repeat(40), revisions: ["main"] });
    const refused = await cli(["plan", sweep]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("rope") });
  });

  it("are a base and its adapter, with both their commits", async () => {
    const adapter = { peft_type: "LORA", r: 8, lora_alpha: 16 };
    const norm = Buffer.alloc(256 * 4);
    for (let i = 0; i < 256; i++) norm.writeFloatLE(0.5, i * 4);
    const header = Buffer.from(
      JSON.stringify({ "base_model.model.model.norm.weight": { dtype: "F32", shape: [256], data_offsets: [0, 1024] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const files = new Map([
      ["adapter_config.json", Buffer.from(JSON.stringify(adapter))],
      ["adapter_model.safetensors", Buffer.concat([length, header, norm])],
    ]);
    hub.models.set("me/lora", { files, commit: "c".repeat(40), revisions: ["main", "step-100"] });
    const out = join(folder, "adapted");
    const { code, stdout } = await cli([
      "merge",
      await writeRecipe("me/len+me/lora@step-100", "me/len"),
      out,
      "--json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      fetched: [`me/len@${hub.models.get("me/len")?.commit}`, `me/lora@${"c".repeat(40)}`],
    });
    const merged = await openCheckpoint(out);
    const [first = 0] = await readValues(merged.reader, { name: "model.norm.weight", dtype: "BF16" }, 0, 1);
    const before = await openCheckpoint(pocket("len"));
    const [own = 0] = await readValues(before.reader, { name: "model.norm.weight", dtype: "BF16" }, 0, 1);
    await Promise.all([merged.close(), before.close()]);
    expect(first).toBeCloseTo(0.2 * 0.5 + 0.8 * own, 1);
    expect(Math.abs(first - own)).toBeGreaterThan(0.01);
  });

  it("give way to a folder of the same name", async () => {
    vi.spyOn(process, "cwd").mockReturnValue(folder);
    await cp(pocket("base"), join(folder, "me/len"), { recursive: true });
    await cp(pocket("base"), join(folder, "me/accfmt"), { recursive: true });
    const { code } = await cli(["merge", await writeRecipe("me/len", "me/accfmt"), join(folder, "out")]);
    vi.restoreAllMocks();
    expect(code).toBe(0);
    expect(hub.asked).toEqual([]);
  });

  it("that are neither here nor there are refused, with what was looked for and where", async () => {
    const { code, stderr } = await cli([
      "merge",
      await writeRecipe("me/lem", "checkpoints/acfmt"),
      join(folder, "out"),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /me\/lem: there is no such folder here, and as a model of the hub: http:.*access was refused/,
    );
    expect(stderr).toMatch(/checkpoints\/acfmt: there is no such folder here/);
  });
});

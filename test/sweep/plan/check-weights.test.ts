import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const ACCFMT = join(projectRoot, "checkpoints/pocket/accfmt");

let root: string;
beforeEach(() => {
  root = scratchFolder();
});

/** The pocket checkpoint with more in its config.json. */
async function odd(name: string, more: object): Promise<string> {
  const folder = join(root, name);
  await cp(ACCFMT, folder, { recursive: true });
  const config: object = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...more }));
  return folder;
}

async function sweep(models: readonly string[], more = ""): Promise<string> {
  const path = join(root, "sweep.yaml");
  const list = models.map((model) => `    - { model: ${model}, parameters: { weight: "\${w}" } }`).join("\n");
  await writeFile(
    path,
    `name: odd\naxes: { w: [1] }\nrecipe:\n  merge_method: linear\n  models:\n${list}\n  dtype: bfloat16\n${more}benchmarks: [pocket-math]\n`,
  );
  return path;
}

const NO_CONTEXT = { rope_scaling: { rope_type: "yarn", factor: 4 } };
const FAULT = "expected rope_scaling.original_max_position_embeddings to be a positive number, found nothing";

describe("plan says what running would say", () => {
  test("of an expert", async () => {
    const path = await sweep([await odd("yarn", NO_CONTEXT)]);
    const { code, stderr } = await cli(["plan", path]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(FAULT) });
  });

  test("of a reference", async () => {
    const path = await sweep([ACCFMT], `references: { odd: ${await odd("yarn", NO_CONTEXT)} }\n`);
    const { code, stderr } = await cli(["plan", path]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(FAULT) });
  });

  test("of a tokenizer with more tokens than the embedding has rows", async () => {
    const folder = await odd("more", {});
    const json = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    json.added_tokens.push({ ...json.added_tokens[0], id: 512, content: "<more>" });
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    const { code, stderr } = await cli(["plan", await sweep([folder])]);
    expect(code).toBe(2);
    expect(stderr).toContain("the tokenizer has 513 tokens, the embedding 512 rows");
  });

  test("of a sliding window that is shorter than the texts", async () => {
    const window = { use_sliding_window: true, sliding_window: 16, max_window_layers: 0 };
    const path = await sweep([await odd("window", window)]);
    const refused = await cli(["plan", path]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("sliding_window 16: llama.cpp looks back at all tokens in qwen2");
    const allowed = await cli(["plan", path, "--allow-unknown", "sliding_window"]);
    expect(allowed.code).toBe(0);
    expect(allowed.stderr).toContain("warning: The points: config.json: sliding_window 16");
  });
});

describe("what is not refused", () => {
  test("is said in plan, in the run and in its report", async () => {
    const folder = await odd("field", { attention_temperature: 2 });
    const flags = ["--allow-unknown", "attention_temperature", "--limit", "1", "--max-tokens", "4"];
    const places = ["--out", join(root, "run"), "--report", join(root, "report")];
    const { code, stderr } = await cli(["eval", folder, ...places, ...flags]);
    expect(code).toBe(0);
    const note = "config.json: attention_temperature 2 is no field that is known of qwen2";
    expect(stderr).toContain(`warning: field: ${note}`);
    expect(await readFile(join(root, "report/summary.md"), "utf8")).toContain(note);
  });

  test("is another rotation than that of the model whose config.json the merge gets", async () => {
    const path = await sweep([ACCFMT, await odd("theta", { rope_theta: 500_000 })]);
    const { code, stderr } = await cli(["plan", path]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/theta: config\.json differs in the rotation of positions from that of \S*accfmt/);
  });
});

function slice(range: string): string {
  return `    - sources: [{ model: ${ACCFMT}, layer_range: [${range}] }]\n`;
}

/** The plan of a sweep over a model with this chat template. */
async function asked(chatTemplate: unknown): Promise<{ code: number; stderr: string }> {
  const folder = await odd("asked", {});
  const path = join(folder, "tokenizer_config.json");
  const settings: object = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...settings, chat_template: chatTemplate }));
  return await cli(["plan", await sweep([folder])]);
}

describe("how a model is asked", () => {
  test("without a chat template is said", async () => {
    const { code, stderr } = await asked(undefined);
    expect(code).toBe(0);
    expect(stderr).toContain("warning: The points: there is no chat template");
  });

  test("by a template that takes too much is refused, and the process goes on", async () => {
    const { code, stderr } = await asked("{% for i in range(1000000000000) %}{% endfor %}");
    expect(code).toBe(2);
    expect(stderr).toContain("range: 1000000000000 numbers are more than 100000");
  });

  test("by one of several templates of which none is the default is refused", async () => {
    const { code, stderr } = await asked([{ name: "tool_use", template: "{{ 'WRONG' }}" }]);
    expect(code).toBe(2);
    expect(stderr).toContain("expected a chat template called default among several, found tool_use");
  });
});

test("stacked layers are evaluated", async () => {
  const path = join(root, "stack.yaml");
  await writeFile(
    path,
    `name: stack\naxes: { w: [1] }\nrecipe:\n  merge_method: passthrough\n  slices:\n${slice("0, 4")}${slice("2, 4")}  parameters: { scale: "\${w}" }\n  dtype: bfloat16\nbenchmarks: [pocket-math]\n`,
  );
  const places = ["--out", join(root, "run"), "--report", join(root, "report")];
  const { code } = await cli(["run", path, "--limit", "1", "--max-tokens", "4", ...places]);
  expect(code).toBe(0);
});

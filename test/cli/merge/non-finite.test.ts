import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const ACCFMT = join(projectRoot, "checkpoints/pocket/accfmt");
const NORM = "model.layers.0.input_layernorm.weight";

const root = scratchFolder();

/** The pocket checkpoint with other BF16 bits at the beginning of a tensor. */
async function withBits(name: string, ...bits: readonly number[]): Promise<string> {
  const folder = join(root, name);
  await cp(ACCFMT, folder, { recursive: true });
  const path = join(folder, "model.safetensors");
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE());
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.subarray(8, 8 + length).toString(),
  );
  const [start] = header[NORM]?.data_offsets ?? [0];
  for (const [i, value] of bits.entries()) bytes.writeUInt16LE(value, 8 + length + start + 2 * i);
  await writeFile(path, bytes);
  return folder;
}

/** 1e30, which BF16 holds and F16 does not. */
const HUGE = 0x7149;
const NAN = 0x7fc0;

async function mergeOf(model: string, dtype: string, ...flags: readonly string[]): ReturnType<typeof cli> {
  const config = join(root, "merge.yml");
  const models = [model, ACCFMT].map((one) => `  - { model: ${one}, parameters: { weight: 0.5 } }`);
  await writeFile(config, `merge_method: linear\nmodels:\n${models.join("\n")}\ndtype: ${dtype}\n`);
  return await cli(["merge", config, join(root, `out-${Math.random()}`), ...flags]);
}

test("an overflow in a merge is refused with tensor and count, and said if it is allowed", async () => {
  const huge = await withBits("huge", HUGE, HUGE);
  const refused = await mergeOf(huge, "float16");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`tensor ${NORM}: 2 of 256 values infinite or no number`);
  expect(refused.stderr).toContain("The models' values are all finite: they overflow in the merge (F16).");
  const allowed = await mergeOf(huge, "float16", "--allow-non-finite");
  expect(allowed.code).toBe(0);
  expect(allowed.stderr).toContain(`warning: tensor ${NORM}: 2 of 256 values`);
  expect((await mergeOf(huge, "bfloat16")).code).toBe(0);
});

test("a model that has NaN is named", async () => {
  const { code, stderr } = await mergeOf(await withBits("nan", NAN), "bfloat16");
  expect(code).toBe(1);
  expect(stderr).toMatch(/tensor model\.layers\.0\.input_layernorm\.weight: 1 of 256 values[^]*nan has 1 such value\./);
});

test("so is a type of GGUF that is too narrow", async () => {
  const folder = join(root, "wide");
  await cp(ACCFMT, folder, { recursive: true });
  const path = join(folder, "model.safetensors");
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE());
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.subarray(8, 8 + length).toString(),
  );
  const [start] = header["model.layers.1.mlp.up_proj.weight"]?.data_offsets ?? [0];
  bytes.writeUInt16LE(HUGE, 8 + length + start);
  await writeFile(path, bytes);
  const { code, stderr } = await cli(["convert", folder, join(root, "wide.gguf"), "--type", "f16"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/model\.layers\.1\.mlp\.up_proj\.weight: 1 of \d+ values more than F16 can hold/);
  expect((await cli(["convert", folder, join(root, "wide.gguf"), "--type", "bf16"])).code).toBe(0);
  expect((await cli(["convert", folder, join(root, "wide8.gguf"), "--type", "q8_0"])).stderr).toMatch(
    /: 32 of \d+ values more than Q8_0 can hold/,
  );
});

test("a point of a sweep that overflows fails, and is named in the report", async () => {
  const path = join(root, "sweep.yaml");
  const nan = await withBits("nan-of-sweep", NAN);
  await writeFile(
    path,
    `name: nan\naxes: { w: [1] }\nrecipe:\n  merge_method: linear\n  models: [{ model: ${nan}, parameters: { weight: "\${w}" } }]\n  dtype: bfloat16\nbenchmarks: [pocket-math]\n`,
  );
  const places = ["--out", join(root, "run"), "--report", join(root, "report")];
  const { code } = await cli(["run", path, "--limit", "1", "--max-tokens", "4", ...places]);
  expect(code).toBe(1);
  expect(await readFile(join(root, "report/summary.md"), "utf8")).toContain(`tensor ${NORM}: 1 of 256 values`);
});

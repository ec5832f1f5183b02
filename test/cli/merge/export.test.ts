import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { startHub } from "../../hub/local-hub.ts";

const SWEEP = join(projectRoot, "sweeps/pocket-sampled.yaml");
const models = ["len", "accfmt", "base"].flatMap((name) => [
  "--set",
  `${name}=${join(projectRoot, "checkpoints/pocket", name)}`,
]);

let folder = "";
const run = (): string => join(folder, "run");
beforeAll(async () => {
  folder = scratchFolder();
  const command = ["run", SWEEP, ...models, "--only", "w=0", "--only", "w=0.7", "--limit", "6", "--attempts", "1"];
  const { code, stderr } = await cli([...command, "--out", run(), "--report", join(folder, "report")]);
  if (code !== 0) throw new Error(`the run that points are exported from failed: ${stderr}`);
}, 300_000);

it("a point of a sweep becomes a checkpoint of the evaluated weights, with results, recipe and a GGUF", {
  timeout: 120_000,
}, async () => {
  const [out, gguf] = [join(folder, "w0.7"), join(folder, "w0.7.gguf")];
  const command = ["merge", SWEEP, out, ...models, "--point", "w=.70", "--chosen", run(), "--gguf", gguf, "--json"];
  const { code, stdout } = await cli(command);
  expect(code).toBe(0);
  const made = JSON.parse(stdout);
  const summary = await readFile(join(folder, "report/summary.csv"), "utf8");
  expect(summary).toContain(made.weights_sha256);
  expect(made).toMatchObject({ point: "w=0.7", run: run() });
  const card = await readFile(join(out, "README.md"), "utf8");
  for (const part of ["model-index", "## Results", "w=0.7", made.weights_sha256]) expect(card).toContain(part);
  expect(await readFile(join(out, "mergekit_config.yml"), "utf8")).toContain("weight: 0.7");
  expect((await cli(["verify", out])).code).toBe(0);
  expect((await readFile(gguf)).subarray(0, 4).toString()).toBe("GGUF");
});

it("other weights than those that were evaluated are refused, and nothing is left", { timeout: 120_000 }, async () => {
  const out = join(folder, "other");
  const swapped = models.with(1, models[3]?.replace("accfmt=", "len=") ?? "");
  const { code, stderr } = await cli(["merge", SWEEP, out, ...swapped, "--point", "w=0.7", "--chosen", run()]);
  expect(code).toBe(2);
  expect(stderr).toContain("expected the weights that");
  await expect(readFile(join(out, "README.md"))).rejects.toThrow(/ENOENT/);
});

it("a point is uploaded to a private repository, and is what was evaluated when it is fetched again", {
  timeout: 120_000,
}, async () => {
  await using hub = await startHub({});
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "hf_writer");
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  const command = ["merge", SWEEP, join(folder, "pushed"), ...models, "--point", "w=0.7", "--chosen", run()];
  const { code, stdout } = await cli([...command, "--push", "me/merge", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).pushed).toMatchObject({ created: true, url: `${hub.url}/me/merge` });
  const verified = await cli(["verify", "me/merge", "--recipe", join(folder, "pushed/mergekit_config.yml"), "--json"]);
  expect(JSON.parse(verified.stdout)).toMatchObject({ identical: true });
  expect((await cli(["merge", SWEEP, join(folder, "bad"), "--point", "w=0.7", "--push", "merge"])).code).toBe(2);
  vi.unstubAllEnvs();
});

it("an upload that breaks for good says how to go on, and leaves the checkpoint", { timeout: 120_000 }, async () => {
  await using hub = await startHub({});
  hub.faults.cuts = 100;
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "hf_writer");
  const out = join(folder, "unsent");
  const { code, stderr } = await cli(["merge", SWEEP, out, ...models, "--point", "w=0.7", "--push", "me/unsent"]);
  vi.unstubAllEnvs();
  expect(code).not.toBe(0);
  expect(stderr).toContain(`\`hf upload me/unsent ${out}\` uploads it`);
  expect((await cli(["verify", out])).code).toBe(0);
});

it("the card of a point is of that point, though another is said to have the same weights", {
  timeout: 300_000,
}, async () => {
  const twins = join(folder, "twins");
  await cp(run(), twins, { recursive: true });
  const { points } = JSON.parse(await readFile(join(twins, "manifest.json"), "utf8"));
  const [first, second] = points.map(({ unit }: { unit: string }) => join(twins, "units", unit, "result.json"));
  const { weights_sha256: digest } = JSON.parse(await readFile(second, "utf8"));
  await writeFile(first, JSON.stringify({ ...JSON.parse(await readFile(first, "utf8")), weights_sha256: digest }));
  const out = join(folder, "second");
  expect((await cli(["merge", SWEEP, out, ...models, "--point", "w=0.7", "--chosen", twins])).code).toBe(0);
  expect(await readFile(join(out, "README.md"), "utf8")).toContain("This model is w=0.7 of the sweep");
});

it("a run that has not decided, several points, and a flag without a sweep are refused", async () => {
  const out = join(folder, "none");
  const undecided = await cli(["merge", SWEEP, out, ...models, "--chosen", run()]);
  expect(undecided.code).toBe(2);
  expect(undecided.stderr).toContain("expected a run that has decided");
  expect((await cli(["merge", SWEEP, out, "--point", "w=0.2"])).stderr).toContain("--point w=0.2 selects no point");
  const config = join(folder, "merge.yml");
  await writeFile(config, "merge_method: linear\nmodels: []\n");
  expect((await cli(["merge", config, out, "--gguf", "x.gguf"])).stderr).toContain(
    "expected --point or --chosen as well",
  );
});

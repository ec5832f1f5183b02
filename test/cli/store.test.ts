import { appendFile, cp, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CliResult, cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

/** A sweep of two points over experts of one's own, and a store of it that is finished; every test works on a copy. */
let made: string;
let folder: string;

const SWEEP = `name: small
axes: { w: [0, 1] }
recipe:
  merge_method: linear
  models:
    - { model: len, parameters: { weight: "\${w}" } }
    - { model: accfmt, parameters: { weight: "\${1 - w}" } }
  parameters: { normalize: true }
  dtype: bfloat16
benchmarks: [{ name: pocket-math, limit: 6 }]
generation: { max_tokens: 48 }
`;

const run = (...args: string[]): Promise<CliResult> =>
  cli([
    "run",
    join(folder, "sweep.yaml"),
    "--out",
    join(folder, "store"),
    "--report",
    join(folder, "report"),
    "--workers",
    "1",
    ...args,
  ]);
const unit = (name: string, file = ""): string => join(folder, "store/units", name, file);
const lines = async (name: string): Promise<string[]> =>
  (await readFile(unit(name, "samples.jsonl"), "utf8")).trim().split("\n");
const texts = (all: string[]): string[] =>
  all.map((line): string => JSON.parse(line).completion).toSorted((a, b) => (a < b ? -1 : 1));
const summary = async (report = "report"): Promise<string[]> =>
  (await readFile(join(folder, report, "summary.csv"), "utf8")).trim().split("\n");
const change = async (file: string, from: string | RegExp, to: string): Promise<void> => {
  const path = join(folder, file);
  const text = await readFile(path, "utf8");
  expect(text).toMatch(from);
  await writeFile(path, text.replace(from, to));
};

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), "mergesweep-stores-"));
  folder = made;
  for (const name of ["len", "accfmt"]) {
    await cp(join(projectRoot, "checkpoints/pocket", name), join(made, name), { recursive: true });
  }
  await cp(join(projectRoot, "datasets"), join(made, "datasets"), { recursive: true });
  await writeFile(join(made, "sweep.yaml"), SWEEP);
  const { code, stderr } = await run();
  if (code !== 0) throw new Error(stderr);
}, 120_000);
afterAll(async () => {
  await rm(made, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mergesweep-store-"));
  await cp(made, folder, { recursive: true, preserveTimestamps: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a run whose inputs changed", () => {
  it("does nothing where files were only copied and touched", { timeout: 60_000 }, async () => {
    await utimes(join(folder, "len/model.safetensors"), new Date(), new Date());
    const before = await summary();
    const again = await run();
    expect(again.code).toBe(0);
    expect(await lines("001-w=1")).toHaveLength(6);
    expect(await summary()).toEqual(before);
  });

  it("refuses, names files and points, and makes again what it is told to", { timeout: 120_000 }, async () => {
    await cp(join(folder, "accfmt/model.safetensors"), join(folder, "len/model.safetensors"));
    const refused = await run();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /Inputs have changed since these points .* were evaluated:\n {2}w=1: .*len\/model\.safetensors/,
    );
    expect(refused.stderr).toMatch(/--again w=1/);
    expect(await lines("001-w=1")).toHaveLength(6);

    const old = await lines("001-w=1");
    // The other point takes nothing of the expert that changed.
    const again = await run("--again", "w=1");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/w=1: made again; the old completions are in .*001-w=1\.old-1/);
    expect(await lines("001-w=1.old-1")).toEqual(old);
    // Both ends are one checkpoint now.
    expect((await summary())[2]).toMatch(/,point,w=0,/);
  });

  it.each([
    ["a chat template", "chat_template.jinja", "{{ messages[0].content }} Be brief: "],
    ["a tokenizer setting", "special_tokens_map.json", '{ "pad_token": "<|other|>" }'],
  ])("refuses %s that was not there", async (_, file, content) => {
    await writeFile(join(folder, "accfmt", file), content);
    await writeFile(join(folder, "len", file), content);
    const { code, stderr } = await run();
    expect(stderr).toContain(join("len", file));
    expect(code).toBe(2);
  });

  it("says which name --again does not know", async () => {
    const { code, stderr } = await run("--again", "w=0.1");
    expect(stderr).toMatch(/--again w=0\.1: no point of the plan has this name/);
    expect(code).toBe(2);
  });
});

describe("a plan that grows", () => {
  it("by attempts, problems and points keeps every completion", { timeout: 180_000 }, async () => {
    const before = [await lines("000-w=0"), await lines("001-w=1")];
    await change("sweep.yaml", "limit: 6", "limit: 8, attempts: 2");
    await change("sweep.yaml", "[0, 1]", "[0, 0.5, 1]");
    expect(await run()).toMatchObject({ code: 0 });
    expect(await summary()).toHaveLength(4);
    expect((await lines("000-w=0")).slice(0, 6)).toEqual(before[0]);
    expect((await lines("001-w=1")).slice(0, 6)).toEqual(before[1]);
    expect(await lines("000-w=0")).toHaveLength(16);

    // The grown run is what a new one would be.
    const fresh = ["--out", join(folder, "fresh"), "--report", join(folder, "fresh-report")];
    expect(await cli(["run", join(folder, "sweep.yaml"), "--workers", "1", ...fresh])).toMatchObject({ code: 0 });
    expect(await summary()).toEqual(await summary("fresh-report"));
    const bytes = (at: string): Promise<string> => readFile(join(folder, at, "samples.csv"), "utf8");
    expect(await bytes("report")).toBe(await bytes("fresh-report"));

    // A smaller plan reports its part and throws nothing away.
    await writeFile(join(folder, "sweep.yaml"), SWEEP);
    const smaller = await run();
    expect(smaller).toMatchObject({ code: 0 });
    expect(await summary()).toEqual((await readFile(join(made, "report/summary.csv"), "utf8")).trim().split("\n"));
    expect(await lines("000-w=0")).toHaveLength(16);
  });

  it("by a benchmark asks only that", { timeout: 60_000 }, async () => {
    const own = join(folder, "datasets/mine");
    await cp(join(folder, "datasets/pocket-math"), own, { recursive: true });
    await change("datasets/mine/benchmark.yaml", /^name: .*$/m, "name: mine");
    await change("sweep.yaml", "limit: 6 }", "limit: 6 }, { name: mine, limit: 2 }");
    const before = await lines("000-w=0");
    expect(await run()).toMatchObject({ code: 0 });
    const after = await lines("000-w=0");
    expect(after.slice(0, 6)).toEqual(before);
    expect(after).toHaveLength(8);
    expect(await summary()).toHaveLength(5);
  });

  it("refuses what would change a completion, and says what", async () => {
    await change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, temperature: 0.8");
    const { code, stderr } = await run();
    expect(stderr).toMatch(/generation\.temperature: 0 in the store, 0\.8 now/);
    expect(code).toBe(2);
  });

  it("by a trial leaves the whole run as it is", { timeout: 60_000 }, async () => {
    const manifest = await readFile(join(folder, "store/manifest.json"), "utf8");
    expect(await run("--only", "w=1", "--limit", "3")).toMatchObject({ code: 0 });
    expect(await summary()).toHaveLength(2);
    expect((await summary())[1]).toMatch(/^small,w=1,1,pocket-math,3,/);
    expect(await readFile(join(folder, "store/manifest.json"), "utf8")).toBe(manifest);
  });
});

describe("a store of version 1", () => {
  const old = join(projectRoot, "test/fixtures/store-v1");
  beforeEach(async () => {
    await cp(old, join(folder, "old"), { recursive: true });
  });

  it("is reported and scored", { timeout: 30_000 }, async () => {
    const at = join(folder, "old");
    expect(await cli(["report", at, "--out", join(folder, "r")])).toMatchObject({ code: 0 });
    expect(await cli(["score", at, "--root", projectRoot, "--out", join(folder, "s")])).toMatchObject({ code: 0 });
    expect(await summary("s")).toHaveLength(4);
  });

  it("is grown by a point", { timeout: 90_000 }, async () => {
    // Its models are found in the working directory, the project.
    const path = join(folder, "grown.yaml");
    await writeFile(
      path,
      SWEEP.replaceAll(/model: (len|accfmt)/g, "model: checkpoints/pocket/$1")
        .replace("name: small", "name: store-v1")
        .replace("[0, 1]", "[0, 0.25, 0.5, 1]")
        .replace("max_tokens: 48", "max_tokens: 96, temperature: 0")
        .replace("[{ name: pocket-math, limit: 6 }]", "[pocket-math]"),
    );
    const at = join(folder, "old");
    const before = await readFile(join(at, "units/002-w=1/samples.jsonl"), "utf8");
    const grown = await cli([
      "run",
      path,
      "--limit",
      "8",
      "--out",
      at,
      "--report",
      join(folder, "r"),
      "--workers",
      "1",
    ]);
    expect(grown).toMatchObject({ code: 0 });
    expect(await readFile(join(at, "units/002-w=1/samples.jsonl"), "utf8")).toBe(before);
    expect(await readdir(join(at, "units/002-w=1"))).toContain("identity.json");
    expect(await summary("r")).toHaveLength(5);
    expect(JSON.parse(await readFile(join(at, "manifest.json"), "utf8"))).toMatchObject({ manifest_version: 2 });
  });

  it("newer than this program is refused by its version", async () => {
    await change("old/manifest.json", '"manifest_version": 1', '"manifest_version": 3');
    const { code, stderr } = await cli(["report", join(folder, "old"), "--out", join(folder, "r")]);
    expect(stderr).toMatch(/expected a run store of version 2 or older, found version 3/);
    expect(code).toBe(2);
  });

  it("cannot lead a command out of its folder", async () => {
    await change("old/manifest.json", '"unit": "001-w=0.5"', '"unit": "../../store/units/000-w=0"');
    const { code, stderr } = await cli(["score", join(folder, "old"), "--root", projectRoot]);
    expect(stderr).toMatch(/points\.1\.unit.*expected the name of a folder/);
    expect(code).toBe(2);
  });
});

describe("a damaged store", () => {
  it("keeps its good lines, sets the others aside, and asks only for these", { timeout: 60_000 }, async () => {
    const before = await lines("000-w=0");
    await writeFile(unit("000-w=0", "samples.jsonl"), `${before.with(2, before[2]?.slice(0, 40) ?? "").join("\n")}\n`);
    const score = await cli(["score", join(folder, "store"), "--root", folder]);
    expect(score.code).toBe(2);
    expect(score.stderr).toMatch(/000-w=0\/samples\.jsonl:3: expected a completion, found no JSON/);

    const again = await run();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/w=0: 1 completion of this finished point (is|are) missing/);
    expect(again.stderr).toMatch(/w=0: 1 damaged line set aside in .*damaged\.jsonl/);
    expect(texts(await lines("000-w=0"))).toEqual(texts(before));
    expect((await lines("000-w=0")).slice(0, 5)).toEqual(before.filter((_, i) => i !== 2));
    expect(await readFile(unit("000-w=0", "damaged.jsonl"), "utf8")).toContain('"line":3');
  });

  it("that answers one attempt twice is an error that names both lines, until it is mended", {
    timeout: 60_000,
  }, async () => {
    const [first = ""] = await lines("000-w=0");
    await appendFile(unit("000-w=0", "samples.jsonl"), `${first.replace('"completion":"', '"completion":"Other ')}\n`);
    for (const { code, stderr } of [await run(), await cli(["score", join(folder, "store"), "--root", folder])]) {
      expect(stderr).toMatch(/samples\.jsonl:1 and .*samples\.jsonl:7 hold different texts for one attempt/);
      expect(code).not.toBe(0);
    }
    const mended = await cli(["recover", join(folder, "store")]);
    expect(mended).toMatchObject({ code: 0 });
    expect(mended.stdout).toMatch(/w=0: 2 lines set aside.*\nw=0: 5 of 6 completions are there/);
    expect(await run()).toMatchObject({ code: 0 });
    expect(await lines("000-w=0")).toHaveLength(6);
    expect((await cli(["recover", join(folder, "store")])).stderr).toContain("Nothing is damaged.");
  });

  it("that lost completions is scored no further, and the next run asks for them", { timeout: 60_000 }, async () => {
    await rm(unit("001-w=1", "samples.jsonl"));
    const scores = await readFile(unit("001-w=1", "scores.jsonl"), "utf8");
    const score = await cli(["score", join(folder, "store"), "--root", folder]);
    expect(score.stderr).toMatch(/has lost completions of finished points:\n {2}w=1: 0 of 6/);
    expect(score.code).toBe(2);
    expect(await readFile(unit("001-w=1", "scores.jsonl"), "utf8")).toBe(scores);
    const again = await run();
    expect(again.stderr).toMatch(/w=1: 6 completions of this finished point are missing/);
    expect(again).toMatchObject({ code: 0 });
    expect(await lines("001-w=1")).toHaveLength(6);
  });

  it.each(["result.json", "scores.jsonl", "identity.json"])(
    "of which %s is cut off is mended",
    {
      timeout: 60_000,
    },
    async (file) => {
      const text = await readFile(unit("000-w=0", file), "utf8");
      await writeFile(unit("000-w=0", file), text.slice(0, text.length / 2));
      const before = await summary();
      expect(await cli(["recover", join(folder, "store")])).toMatchObject({ code: 0 });
      expect(await run()).toMatchObject({ code: 0 });
      expect(await summary()).toEqual(before);
    },
  );
});

describe("a look from the side", () => {
  it("scores under another profile for one report only", { timeout: 30_000 }, async () => {
    const before = await readFile(unit("001-w=1", "scores.jsonl"), "utf8");
    const manifest = await readFile(join(folder, "store/manifest.json"), "utf8");
    const args = ["score", join(folder, "store"), "--root", folder, "--profile", "qwen", "--out", join(folder, "side")];
    expect(await cli(args)).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "side/summary.csv"), "utf8")).toContain("qwen v");
    expect(await readFile(unit("001-w=1", "scores.jsonl"), "utf8")).toBe(before);
    expect(await readFile(join(folder, "store/manifest.json"), "utf8")).toBe(manifest);
  });

  it("does not compare runs that were scored by different profiles", { timeout: 30_000 }, async () => {
    await cp(join(folder, "store"), join(folder, "other"), { recursive: true });
    await cli(["score", join(folder, "other"), "--root", folder, "--profile", "qwen"]);
    await rm(join(projectRoot, "reports/other"), { recursive: true, force: true });
    const { code, stderr } = await cli(["compare", join(folder, "store"), join(folder, "other")]);
    expect(stderr).toMatch(/cannot be compared:\n {2}scoring: .*"default".* and .*"qwen"/);
    expect(code).toBe(2);
  });
});

describe("the day that a chat template asks for", () => {
  it("is fixed when the run is set down, and a part of what the completions are known by", {
    timeout: 90_000,
  }, async () => {
    const template = "{{ strftime_now('%d %B %Y') }}: {{ messages[0].content }}\n";
    for (const name of ["len", "accfmt"]) await writeFile(join(folder, name, "chat_template.jinja"), template);
    const fresh = ["--out", join(folder, "dated"), "--report", join(folder, "r"), "--workers", "1"];
    const sweep = join(folder, "sweep.yaml");
    await change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, date: 2026-02-03");
    expect(await cli(["run", sweep, "--only", "w=0", "--limit", "1", ...fresh])).toMatchObject({ code: 0 });
    const identity = JSON.parse(await readFile(join(folder, "dated/units/000-w=0/identity.json"), "utf8"));
    expect(identity.parts.date).toBe("2026-02-03");

    // Another day, without a word in the file: it stays the day of the run.
    await change("sweep.yaml", ", date: 2026-02-03", "");
    expect(await cli(["run", sweep, "--only", "w=0", "--limit", "2", ...fresh])).toMatchObject({ code: 0 });
    expect((await readFile(join(folder, "dated/units/000-w=0/samples.jsonl"), "utf8")).trim().split("\n")).toHaveLength(
      2,
    );

    await change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, date: 2026-02-04");
    const refused = await cli(["run", sweep, "--only", "w=0", "--limit", "2", ...fresh]);
    expect(refused.stderr).toContain('generation.date: "2026-02-03" in the store, "2026-02-04" now');
    expect(refused.code).toBe(2);
  });

  it("enters nothing where no template asks for it", async () => {
    expect(await readFile(join(folder, "store/manifest.json"), "utf8")).not.toContain('"date"');
  });
});

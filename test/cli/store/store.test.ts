import { cp, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cli } from "../../helpers/run-cli.ts";
import { SMALL_SWEEP, useFinishedStore } from "../../helpers/runs/finished-store.ts";
import { projectRoot } from "../../helpers/shared.ts";

const store = useFinishedStore();

describe("a run whose inputs changed", () => {
  it("does nothing where files were only copied and touched", { timeout: 60_000 }, async () => {
    await utimes(join(store.folder, "len/model.safetensors"), new Date(), new Date());
    const before = await store.summary();
    const again = await store.run();
    expect(again.code).toBe(0);
    expect(await store.lines("001-w=1")).toHaveLength(6);
    expect(await store.summary()).toEqual(before);
  });

  it("refuses, names files and points, and makes again what it is told to", { timeout: 120_000 }, async () => {
    await cp(join(store.folder, "accfmt/model.safetensors"), join(store.folder, "len/model.safetensors"));
    const refused = await store.run();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /Inputs have changed since these points .* were evaluated:\n {2}w=1: .*len\/model\.safetensors/,
    );
    expect(refused.stderr).toMatch(/--again w=1/);
    expect(await store.lines("001-w=1")).toHaveLength(6);

    const old = await store.lines("001-w=1");
    // The other point takes nothing of the expert that changed.
    const again = await store.run("--again", "w=1");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/w=1: made again; the old completions are in .*001-w=1\.old-1/);
    expect(await store.lines("001-w=1.old-1")).toEqual(old);
    // Both ends are one checkpoint now.
    expect((await store.summary())[2]).toMatch(/,point,w=0,/);
  });

  it.each([
    ["a chat template", "chat_template.jinja", "{{ messages[0].content }} Be brief: "],
    ["a tokenizer setting", "special_tokens_map.json", '{ "pad_token": "<|other|>" }'],
  ])("refuses %s that was not there", async (_, file, content) => {
    await writeFile(join(store.folder, "accfmt", file), content);
    await writeFile(join(store.folder, "len", file), content);
    const { code, stderr } = await store.run();
    expect(stderr).toContain(join("len", file));
    expect(code).toBe(2);
  });

  it("says which name --again does not know", async () => {
    const { code, stderr } = await store.run("--again", "w=0.1");
    expect(stderr).toMatch(/--again w=0\.1: no point of the plan has this name/);
    expect(code).toBe(2);
  });
});

describe("a plan that grows", () => {
  it("by attempts, problems and points keeps every completion", { timeout: 180_000 }, async () => {
    const before = [await store.lines("000-w=0"), await store.lines("001-w=1")];
    await store.change("sweep.yaml", "limit: 6", "limit: 8, attempts: 2");
    await store.change("sweep.yaml", "[0, 1]", "[0, 0.5, 1]");
    expect(await store.run()).toMatchObject({ code: 0 });
    expect(await store.summary()).toHaveLength(4);
    expect((await store.lines("000-w=0")).slice(0, 6)).toEqual(before[0]);
    expect((await store.lines("001-w=1")).slice(0, 6)).toEqual(before[1]);
    expect(await store.lines("000-w=0")).toHaveLength(16);

    // The grown run is what a new one would be.
    const fresh = ["--out", join(store.folder, "fresh"), "--report", join(store.folder, "fresh-report")];
    expect(await cli(["run", join(store.folder, "sweep.yaml"), "--workers", "1", ...fresh])).toMatchObject({ code: 0 });
    expect(await store.summary()).toEqual(await store.summary("fresh-report"));
    const bytes = (at: string): Promise<string> => readFile(join(store.folder, at, "samples.csv"), "utf8");
    expect(await bytes("report")).toBe(await bytes("fresh-report"));

    // A smaller plan reports its part and throws nothing away.
    await writeFile(join(store.folder, "sweep.yaml"), SMALL_SWEEP);
    const smaller = await store.run();
    expect(smaller).toMatchObject({ code: 0 });
    expect(await store.summary()).toEqual(
      (await readFile(join(store.made, "report/summary.csv"), "utf8")).trim().split("\n"),
    );
    expect(await store.lines("000-w=0")).toHaveLength(16);
  });

  it("by a benchmark asks only that", { timeout: 60_000 }, async () => {
    const own = join(store.folder, "datasets/mine");
    await cp(join(store.folder, "datasets/pocket-math"), own, { recursive: true });
    await store.change("datasets/mine/benchmark.yaml", /^name: .*$/m, "name: mine");
    await store.change("sweep.yaml", "limit: 6 }", "limit: 6 }, { name: mine, limit: 2 }");
    const before = await store.lines("000-w=0");
    expect(await store.run()).toMatchObject({ code: 0 });
    const after = await store.lines("000-w=0");
    expect(after.slice(0, 6)).toEqual(before);
    expect(after).toHaveLength(8);
    expect(await store.summary()).toHaveLength(5);
  });

  it("refuses what would change a completion, and says what", async () => {
    await store.change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, temperature: 0.8");
    const { code, stderr } = await store.run();
    expect(stderr).toMatch(/generation\.temperature: 0 in the store, 0\.8 now/);
    expect(code).toBe(2);
  });

  it("by a trial leaves the whole run as it is", { timeout: 60_000 }, async () => {
    const manifest = await readFile(join(store.folder, "store/manifest.json"), "utf8");
    expect(await store.run("--only", "w=1", "--limit", "3")).toMatchObject({ code: 0 });
    expect(await store.summary()).toHaveLength(2);
    expect((await store.summary())[1]).toMatch(/^small,w=1,1,pocket-math,3,/);
    expect(await readFile(join(store.folder, "store/manifest.json"), "utf8")).toBe(manifest);
  });
});

describe("a store of version 1", () => {
  const old = join(projectRoot, "test/fixtures/store-v1");
  beforeEach(async () => {
    await cp(old, join(store.folder, "old"), { recursive: true });
  });

  it("is reported and scored", { timeout: 30_000 }, async () => {
    const at = join(store.folder, "old");
    expect(await cli(["report", at, "--out", join(store.folder, "r")])).toMatchObject({ code: 0 });
    expect(await cli(["score", at, "--root", projectRoot, "--out", join(store.folder, "s")])).toMatchObject({
      code: 0,
    });
    expect(await store.summary("s")).toHaveLength(4);
  });

  it("is grown by a point", { timeout: 90_000 }, async () => {
    // Its models are found in the working directory, the project.
    const path = join(store.folder, "grown.yaml");
    await writeFile(
      path,
      SMALL_SWEEP.replaceAll(/model: (len|accfmt)/g, "model: checkpoints/pocket/$1")
        .replace("name: small", "name: store-v1")
        .replace("[0, 1]", "[0, 0.25, 0.5, 1]")
        .replace("max_tokens: 48", "max_tokens: 96, temperature: 0")
        .replace("[{ name: pocket-math, limit: 6 }]", "[pocket-math]"),
    );
    const at = join(store.folder, "old");
    const before = await readFile(join(at, "units/002-w=1/samples.jsonl"), "utf8");
    const grown = await cli([
      "run",
      path,
      "--limit",
      "8",
      "--out",
      at,
      "--report",
      join(store.folder, "r"),
      "--workers",
      "1",
    ]);
    expect(grown).toMatchObject({ code: 0 });
    expect(await readFile(join(at, "units/002-w=1/samples.jsonl"), "utf8")).toBe(before);
    expect(await readdir(join(at, "units/002-w=1"))).toContain("identity.json");
    expect(await store.summary("r")).toHaveLength(5);
    expect(JSON.parse(await readFile(join(at, "manifest.json"), "utf8"))).toMatchObject({ manifest_version: 2 });
  });

  it("newer than this program is refused by its version", async () => {
    await store.change("old/manifest.json", '"manifest_version": 1', '"manifest_version": 3');
    const { code, stderr } = await cli(["report", join(store.folder, "old"), "--out", join(store.folder, "r")]);
    expect(stderr).toMatch(/expected a run store of version 2 or older, found version 3/);
    expect(code).toBe(2);
  });

  it("cannot lead a command out of its folder", async () => {
    await store.change("old/manifest.json", '"unit": "001-w=0.5"', '"unit": "../../store/units/000-w=0"');
    const { code, stderr } = await cli(["score", join(store.folder, "old"), "--root", projectRoot]);
    expect(stderr).toMatch(/points\.1\.unit.*expected the name of a folder/);
    expect(code).toBe(2);
  });
});

describe("the day that a chat template asks for", () => {
  it("is fixed when the run is set down, and a part of what the completions are known by", {
    timeout: 90_000,
  }, async () => {
    const template = "{{ strftime_now('%d %B %Y') }}: {{ messages[0].content }}\n";
    for (const name of ["len", "accfmt"]) await writeFile(join(store.folder, name, "chat_template.jinja"), template);
    const fresh = ["--out", join(store.folder, "dated"), "--report", join(store.folder, "r"), "--workers", "1"];
    const sweep = join(store.folder, "sweep.yaml");
    await store.change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, date: 2026-02-03");
    expect(await cli(["run", sweep, "--only", "w=0", "--limit", "1", ...fresh])).toMatchObject({ code: 0 });
    const identity = JSON.parse(await readFile(join(store.folder, "dated/units/000-w=0/identity.json"), "utf8"));
    expect(identity.parts.date).toBe("2026-02-03");

    // Another day, without a word in the file: it stays the day of the run.
    await store.change("sweep.yaml", ", date: 2026-02-03", "");
    expect(await cli(["run", sweep, "--only", "w=0", "--limit", "2", ...fresh])).toMatchObject({ code: 0 });
    expect(
      (await readFile(join(store.folder, "dated/units/000-w=0/samples.jsonl"), "utf8")).trim().split("\n"),
    ).toHaveLength(2);

    await store.change("sweep.yaml", "max_tokens: 48", "max_tokens: 48, date: 2026-02-04");
    const refused = await cli(["run", sweep, "--only", "w=0", "--limit", "2", ...fresh]);
    expect(refused.stderr).toContain('generation.date: "2026-02-03" in the store, "2026-02-04" now');
    expect(refused.code).toBe(2);
  });

  it("enters nothing where no template asks for it", async () => {
    expect(await readFile(join(store.folder, "store/manifest.json"), "utf8")).not.toContain('"date"');
  });
});

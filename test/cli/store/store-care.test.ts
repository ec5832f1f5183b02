import { appendFile, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliResult, cli } from "../../helpers/run-cli.ts";
import { useFinishedStore } from "../../helpers/runs/finished-store.ts";
import { projectRoot } from "../../helpers/shared.ts";

const store = useFinishedStore();

const texts = (all: string[]): string[] =>
  all.map((line): string => JSON.parse(line).completion).toSorted((a, b) => (a < b ? -1 : 1));

describe("a damaged store", () => {
  it("keeps its good lines, sets the others aside, and asks only for these", { timeout: 60_000 }, async () => {
    const before = await store.lines("000-w=0");
    await writeFile(
      store.unit("000-w=0", "samples.jsonl"),
      `${before.with(2, before[2]?.slice(0, 40) ?? "").join("\n")}\n`,
    );
    const score = await cli(["score", join(store.folder, "store"), "--root", store.folder]);
    expect(score.code).toBe(2);
    expect(score.stderr).toMatch(/000-w=0\/samples\.jsonl:3: expected a completion, found no JSON/);

    const again = await store.run();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/w=0: 1 completion of this finished point (is|are) missing/);
    expect(again.stderr).toMatch(/w=0: 1 damaged line set aside in .*damaged\.jsonl/);
    expect(texts(await store.lines("000-w=0"))).toEqual(texts(before));
    expect((await store.lines("000-w=0")).slice(0, 5)).toEqual(before.filter((_, i) => i !== 2));
    expect(await readFile(store.unit("000-w=0", "damaged.jsonl"), "utf8")).toContain('"line":3');
  });

  it("that answers one attempt twice is an error that names both lines, until it is mended", {
    timeout: 60_000,
  }, async () => {
    const [first = ""] = await store.lines("000-w=0");
    await appendFile(
      store.unit("000-w=0", "samples.jsonl"),
      `${first.replace('"completion":"', '"completion":"Other ')}\n`,
    );
    for (const { code, stderr } of [
      await store.run(),
      await cli(["score", join(store.folder, "store"), "--root", store.folder]),
    ]) {
      expect(stderr).toMatch(/samples\.jsonl:1 and .*samples\.jsonl:7 hold different texts for one attempt/);
      expect(code).not.toBe(0);
    }
    const mended = await cli(["recover", join(store.folder, "store")]);
    expect(mended).toMatchObject({ code: 0 });
    expect(mended.stdout).toMatch(/w=0: 2 lines set aside.*\nw=0: 5 of 6 completions are there/);
    expect(await store.run()).toMatchObject({ code: 0 });
    expect(await store.lines("000-w=0")).toHaveLength(6);
    expect((await cli(["recover", join(store.folder, "store")])).stderr).toContain("Nothing is damaged.");
  });

  it("that lost completions is scored no further, and the next run asks for them", { timeout: 60_000 }, async () => {
    await rm(store.unit("001-w=1", "samples.jsonl"));
    const scores = await readFile(store.unit("001-w=1", "scores.jsonl"), "utf8");
    const score = await cli(["score", join(store.folder, "store"), "--root", store.folder]);
    expect(score.stderr).toMatch(/has lost completions of finished points:\n {2}w=1: 0 of 6/);
    expect(score.code).toBe(2);
    expect(await readFile(store.unit("001-w=1", "scores.jsonl"), "utf8")).toBe(scores);
    const again = await store.run();
    expect(again.stderr).toMatch(/w=1: 6 completions of this finished point are missing/);
    expect(again).toMatchObject({ code: 0 });
    expect(await store.lines("001-w=1")).toHaveLength(6);
  });

  it.each(["result.json", "scores.jsonl", "identity.json"])(
    "of which %s is cut off is mended",
    {
      timeout: 60_000,
    },
    async (file) => {
      const text = await readFile(store.unit("000-w=0", file), "utf8");
      await writeFile(store.unit("000-w=0", file), text.slice(0, text.length / 2));
      const before = await store.summary();
      expect(await cli(["recover", join(store.folder, "store")])).toMatchObject({ code: 0 });
      expect(await store.run()).toMatchObject({ code: 0 });
      expect(await store.summary()).toEqual(before);
    },
  );
});

describe("before anything is made", () => {
  it("a report that could not be written at the end is refused", async () => {
    await writeFile(join(store.folder, "taken"), "");
    const args = [
      "run",
      join(store.folder, "sweep.yaml"),
      "--out",
      join(store.folder, "new"),
      "--report",
      join(store.folder, "taken/report"),
    ];
    const { code, stderr } = await cli(args);
    expect(stderr).toMatch(/taken\/report: expected .*taken to be a folder, found a file/);
    expect(code).toBe(2);
    expect(await readdir(store.folder)).not.toContain("new");
  });

  it("a context under max_tokens is said by plan, and by the report", { timeout: 60_000 }, async () => {
    await store.change("sweep.yaml", "max_tokens: 48", "max_tokens: 480");
    const said = "No completion can have max_tokens, 480: the context of prompt and completion is 128 tokens.";
    const short = [join(store.folder, "sweep.yaml"), "--context-size", "128", "--only", "w=1", "--limit", "1"];
    expect((await cli(["plan", ...short])).stderr).toContain(said);
    const places = [
      "--out",
      join(store.folder, "short"),
      "--report",
      join(store.folder, "short-report"),
      "--workers",
      "1",
    ];
    expect(await cli(["run", ...short, ...places])).toMatchObject({ code: 0 });
    expect(await readFile(join(store.folder, "short-report/summary.md"), "utf8")).toContain(said);
  });
});

describe("a benchmark that is given by its path", () => {
  it("is found again by score", { timeout: 60_000 }, async () => {
    await cp(join(store.folder, "datasets/pocket-math"), join(store.folder, "own/bench"), { recursive: true });
    await store.change("own/bench/benchmark.yaml", /^name: .*$/m, "name: bench");
    await store.change("sweep.yaml", "name: pocket-math", "name: own/bench");
    const places = ["--out", join(store.folder, "by-path"), "--report", join(store.folder, "r"), "--workers", "1"];
    expect(
      await cli(["run", join(store.folder, "sweep.yaml"), "--only", "w=1", "--limit", "2", ...places]),
    ).toMatchObject({
      code: 0,
    });
    const score = ["score", join(store.folder, "by-path"), "--root", store.folder, "--out", join(store.folder, "s")];
    expect(await cli(score)).toMatchObject({ code: 0 });
    expect((await store.summary("s"))[1]).toMatch(/,bench,2,/);
  });
});

describe("what a model wrote", () => {
  it("calculates in no spreadsheet unless it is asked for raw", { timeout: 30_000 }, async () => {
    await store.change("store/units/001-w=1/scores.jsonl", /"answer":"[^"]*"/, '"answer":"=1+1"');
    const report = (out: string, ...more: string[]): Promise<CliResult> =>
      cli(["report", join(store.folder, "store"), "--out", join(store.folder, out), ...more]);
    await report("safe");
    await report("raw", "--raw-csv");
    expect(await readFile(join(store.folder, "safe/samples.csv"), "utf8")).toContain(",'=1+1,");
    expect(await readFile(join(store.folder, "raw/samples.csv"), "utf8")).toContain(",=1+1,");
  });

  it("acts on no terminal", async () => {
    const { stdout } = await cli(["grade", "--gold", "1", "--answer", "\u001b[2J\u202e2"]);
    expect(stdout).toContain("\\u001b[2J\\u202e2");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("\u202e");
    const { stderr } = await cli(["report", "\u001b[2Jnone"]);
    expect(stderr).toContain("\\u001b[2Jnone");
  });
});

describe("a look from the side", () => {
  it("scores under another profile for one report only", { timeout: 30_000 }, async () => {
    const before = await readFile(store.unit("001-w=1", "scores.jsonl"), "utf8");
    const manifest = await readFile(join(store.folder, "store/manifest.json"), "utf8");
    const args = [
      "score",
      join(store.folder, "store"),
      "--root",
      store.folder,
      "--profile",
      "qwen",
      "--out",
      join(store.folder, "side"),
    ];
    expect(await cli(args)).toMatchObject({ code: 0 });
    expect(await readFile(join(store.folder, "side/summary.csv"), "utf8")).toContain("qwen v");
    expect(await readFile(store.unit("001-w=1", "scores.jsonl"), "utf8")).toBe(before);
    expect(await readFile(join(store.folder, "store/manifest.json"), "utf8")).toBe(manifest);
  });

  it("does not compare runs that were scored by different profiles", { timeout: 30_000 }, async () => {
    await cp(join(store.folder, "store"), join(store.folder, "other"), { recursive: true });
    await cli(["score", join(store.folder, "other"), "--root", store.folder, "--profile", "qwen"]);
    await rm(join(projectRoot, "reports/other"), { recursive: true, force: true });
    const { code, stderr } = await cli(["compare", join(store.folder, "store"), join(store.folder, "other")]);
    expect(stderr).toMatch(/cannot be compared:\n {2}scoring: .*"default".* and .*"qwen"/);
    expect(code).toBe(2);
  });
});

import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { pocketGguf } from "../helpers/models/pocket-gguf.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { countStored, storedCompletions } from "../helpers/runs/stored-completions.ts";
import { projectRoot } from "../helpers/shared.ts";

const MODEL = join(projectRoot, "checkpoints/pocket/accfmt");
const folder = scratchFolder();

const run = (name: string): string => join(folder, name);
function evalArgs(name: string, more: readonly string[], model = MODEL): string[] {
  return ["eval", model, "--benchmarks", "pocket-math", "--out", run(name), "--report", run(`${name}-report`), ...more];
}

/** Evaluates into a new store and gives back what is in it. */
async function completions(name: string, more: readonly string[], model = MODEL): Promise<string[]> {
  const { code, stderr } = await cli(evalArgs(name, more, model));
  expect(stderr).toContain("Done in");
  expect(code).toBe(0);
  return Object.values(await storedCompletions(run(name))).flat();
}

describe("the same seed gives the same completions, byte for byte", { timeout: 300_000 }, () => {
  describe.each([
    ["greedy", ["--limit", "60"]],
    ["sampled", ["--limit", "30", "--attempts", "2", "--temperature", "0.6", "--top-p", "0.95", "--seed", "7"]],
    // Where every token is a close call, the last bit of a logit shows.
    ["hot", ["--limit", "60", "--temperature", "2", "--max-tokens", "100"]],
  ])("%s", (kind, settings) => {
    let expected: string[];
    beforeAll(async () => {
      expected = await completions(`${kind}-once`, [...settings, "--workers", "1"]);
    }, 60_000);

    it.each([
      ["run again", []],
      ["with 1 sequence", ["--workers", "1", "--sequences", "1"]],
      ["with 8 sequences in 2 processes", ["--workers", "2", "--sequences", "8"]],
      ["with 32 sequences", ["--workers", "1", "--sequences", "32"]],
    ])("%s", async (name, execution) => {
      const found = await completions(`${kind} ${name}`, [...settings, ...execution]);
      expect(found).toHaveLength(60);
      expect(found).toEqual(expected);
    });

    it("asked of only some problems, so that each has other neighbours", async () => {
      const ids = ["pocket-math-030", "pocket-math-004", "pocket-math-017"];
      const found = await completions(`${kind}-some`, [...settings, "--sample-id", ids.join(",")]);
      expect(found).toEqual(expected.filter((line) => ids.some((id) => line.includes(`"sample":"${id}"`))));
      expect(found.length).toBeGreaterThanOrEqual(3);
    });

    it("killed in the middle, and gone on with in another number of processes", async () => {
      const name = `${kind}-killed`;
      const child = spawnCli(evalArgs(name, [...settings, "--workers", "1", "--sequences", "4"]), { CI: "1" });
      await expect
        .poll(() => countStored(run(name), "000-accfmt"), { timeout: 30_000, interval: 5 })
        .toBeGreaterThan(3);
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      if (child.signalCode === null) await once(child, "exit");
      expect(await countStored(run(name), "000-accfmt")).toBeLessThan(60);
      expect(await readdir(run(name))).toContain("leases");
      expect(await completions(name, [...settings, "--workers", "2"])).toEqual(expected);
    });
  });

  it("whether the checkpoint is a folder or a GGUF file", async () => {
    const file = await pocketGguf("accfmt", folder);
    const short = ["--limit", "10"];
    expect(await completions("file", short, file)).toEqual(await completions("folder", short));
  });
});

describe("mergesweep eval", () => {
  it("prints a table or JSON, and writes a report that has no picture of an axis", async () => {
    const args = evalArgs("shown", ["--limit", "5", "--workers", "4"]);
    const { stdout } = await cli(args);
    expect(stdout).toMatch(/^point +accuracy %.*\naccfmt +/);
    const json: unknown = JSON.parse((await cli([...args, "--json"])).stdout);
    expect(json).toMatchObject({ done: 1, failed: [], run: run("shown") });
    expect(await readdir(run("shown-report"))).toEqual(expect.arrayContaining(["summary.csv", "index.html"]));
    expect(await readFile(run("shown-report/summary.csv"), "utf8")).toMatch(/\neval-accfmt,accfmt,pocket-math,5,1,/);
  });

  it("of chosen problems can be scored again", async () => {
    const ids = ["pocket-math-400", "pocket-math-002"];
    await cli(
      evalArgs(
        "chosen",
        ids.flatMap((id) => ["--sample-id", id]),
      ),
    );
    const again = await cli(["score", run("chosen"), "--out", run("chosen-report"), "--json"]);
    expect(JSON.parse(again.stdout)).toEqual({ units: 1, attempts: 2, changed: 0 });
  });

  it("takes llama.cpp's options, which make another plan and are named in the report", async () => {
    const options = ["--flash-attention", "--kv-type", "q8_0"];
    expect(await cli(evalArgs("cache", ["--limit", "3", ...options]))).toMatchObject({ code: 0 });
    expect(await readFile(run("cache-report/summary.csv"), "utf8")).toMatch(/node-llama-cpp .*q8_0/);
    // With flash attention the same text is likely, not certain: the report says what was checked.
    expect(await readFile(run("cache-report/summary.md"), "utf8")).toMatch(
      /of 3 completions that were asked for twice/,
    );
    const other = await cli(evalArgs("cache", ["--limit", "3"]));
    expect(other.stderr).toMatch(/engine: .*"kvType":"q8_0".* in the store, nothing now/);
    const alone = await cli(evalArgs("alone", ["--kv-type", "q8_0"]));
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("Expected flash attention with kv_type") });
  });

  it("checks what is not certain to repeat itself also if it was ended before the check", async () => {
    const args = evalArgs("unchecked", ["--limit", "5", "--workers", "1", "--flash-attention"]);
    await cli(args);
    // All is answered; killed in this moment a run has no result yet.
    await rm(run("unchecked/units/000-accfmt/result.json"));
    await rm(run("unchecked-report"), { recursive: true });
    expect(await cli(args)).toMatchObject({ code: 0 });
    expect(await readFile(run("unchecked-report/summary.md"), "utf8")).toMatch(
      /of 4 completions that were asked for twice/,
    );
    expect(await countStored(run("unchecked"), "000-accfmt")).toBe(5);
  });

  it("refuses another plan for the same store, and says what differs", async () => {
    await cli(evalArgs("plan", ["--limit", "3"]));
    const { code, stderr } = await cli(evalArgs("plan", ["--limit", "3", "--seed", "1"]));
    expect(stderr).toMatch(/generation\.seed: 0 in the store, 1 now/);
    expect(code).toBe(2);
  });

  it.each([
    ["a model that is not there", ["eval", join(projectRoot, "checkpoints/pocket/accfmtt")], /Did you mean "accfmt"/],
    [
      "a problem that is not there",
      ["eval", MODEL, "--sample-id", "pocket-math-0004"],
      /-0004: no problem.*\nDid you mean/,
    ],
    ["a benchmark that is not there", ["eval", MODEL, "--benchmarks", "pocket-math,pocket-mth"], /pocket-mth/],
  ])("with %s exits 2 and writes nothing", async (name, args, message) => {
    const { code, stderr } = await cli([...args, "--out", run(name)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain(name);
  });
});

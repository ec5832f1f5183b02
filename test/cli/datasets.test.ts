import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import yargs from "yargs";
import { datasetsCommand } from "../../src/cli/commands/datasets.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";

let cache = "";
beforeEach(() => {
  cache = scratchFolder();
  vi.stubEnv("MERGESWEEP_CACHE", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What `mergesweep datasets ARGS` prints and exits with. */
async function run(...args: string[]): Promise<{ out: string; code: number }> {
  const printed: string[] = [];
  let code: number = EXIT.done;
  const command = datasetsCommand({
    terminal: {
      out: (text) => printed.push(text),
      note: () => {},
      error: () => {},
      status: () => {},
      interactive: false,
      columns: 79,
    },
    signal: new AbortController().signal,
    version: "0.0.0",
    program: "mergesweep",
    commandLine: "mergesweep",
    cores: 1,
    createRuntime: () => createLlamaCppRuntime(),
    setExitCode: (value) => {
      code = value;
    },
  });
  const parser = yargs()
    .command({ command: "datasets", ...command })
    .strict()
    .exitProcess(false);
  await parser
    .fail((message: string, error: unknown) => {
      throw error ?? new Error(message);
    })
    .parseAsync(["datasets", ...args, "--root", projectRoot]);
  return { out: printed.join("\n"), code };
}

describe("mergesweep datasets", () => {
  it("list shows every benchmark, its prompts, and whether its data is here", async () => {
    const { out } = await run("list");
    expect(out).toMatch(/^gsm8k +1 +1319 +plain, open-rs, boxed, gsm8k-8shot +not fetched$/m);
    expect(out).toMatch(/^pocket-math +1 +500 +plain, open-rs, boxed +here$/m);
  });

  it("info says where a benchmark comes from, and that a revision is not pinned where it is not", async () => {
    expect((await run("info", "gsm8k")).out).toMatch(/openai\/gsm8k main\/test\n +revision +[0-9a-f]{40}/);
    expect((await run("info", "amc23")).out).toMatch(/knoveleng\/AMC-23 default\/train\n +revision +not pinned/);
  });

  it("check passes over data that was not fetched, but not if it is asked for by name", async () => {
    const all = await run("check");
    expect(all.out).toContain("pocket-math: ok, 500 rows");
    expect(all.out).toContain("aime24: absent\n  not fetched yet: mergesweep datasets pull aime24");
    expect(all.code).toBe(EXIT.done);
    expect((await run("check", "aime24")).code).toBe(EXIT.failed);
  });

  const amc23 = sharedPath("benchmarks/amc23/test.jsonl");
  it.skipIf(amc23 === undefined)("pull --from takes a local copy, which then passes its check", async () => {
    const { out } = await run("pull", "amc23", "--from", amc23 ?? "");
    expect(out).toContain("amc23: 40 problems, 27.6 KB, sha256 as declared");
    expect(await run("check", "amc23")).toEqual({ out: "amc23: ok, 40 rows", code: EXIT.done });
  });

  it("pull refuses one file for two benchmarks", async () => {
    await expect(run("pull", "amc23", "gsm8k", "--from", "x.jsonl")).rejects.toThrow("found 2 benchmarks");
  });

  it("show prints the messages without a model", async () => {
    const { out } = await run("show", "pocket-math", "--prompt", "boxed", "-n", "2");
    expect(out).toContain("--- pocket-math-002 (gold 69; prompt boxed v1)");
    expect(out).toContain("[user]\nCompute 56 + 13.\n\nPlease reason step by step");
  });

  it("show prints exactly what a model sees, and its token count", async () => {
    const { out } = await run(
      "show",
      "pocket-math",
      "--model",
      join(projectRoot, "checkpoints/pocket/len"),
      "-n",
      "2",
      "--json",
    );
    const { prompt, samples } = JSON.parse(out);
    expect(prompt).toBe("plain v1");
    expect(samples[1]).toMatchObject({
      id: "pocket-math-002",
      text: "<|im_start|>user\nCompute 56 + 13.<|im_end|>\n<|im_start|>assistant\n",
      prefill: "",
    });
    expect(samples[1].tokens).toBeGreaterThan(5);
    expect(samples[1].tokens).toBeLessThan(samples[0].tokens);
  });
});

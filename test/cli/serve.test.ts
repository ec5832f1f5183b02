import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/models/server/server-process.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { commandsWith } from "../helpers/processes.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { countStored, storedCompletions } from "../helpers/runs/stored-completions.ts";
import { projectRoot } from "../helpers/shared.ts";

const MODEL = join(projectRoot, "checkpoints/pocket/accfmt");
let folder: string;

beforeAll(async () => {
  folder = scratchFolder();
  await mkdir(join(folder, "scratch"));
});

/** The command of a sweep's `serve`: a server of this test, over the real model. */
function serveCommand(model: "{model}" | "{gguf}", mode = ""): string {
  const script = join(projectRoot, "test/helpers/models/serve-model.ts");
  return `cd ${projectRoot} && node --import tsx ${script} ${model} {port} ${join(folder, "scratch")} ${mode}`;
}

/** Processes of this test's servers. */
const servers = (): string[] => commandsWith(join(folder, "scratch"));

const places = (name: string): string[] => ["--out", join(folder, name), "--report", join(folder, `${name}-report`)];
const evaluate = (name: string, ...more: string[]): ReturnType<typeof cli> =>
  cli(["eval", MODEL, "--limit", "20", ...places(name), ...more]);
const completionsOf = (name: string): Promise<Record<string, string[]>> => storedCompletions(join(folder, name));

/** A sweep of one merge beside its base. */
async function sweepFile(name: string, more: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const text = await readFile(join(projectRoot, "sweeps/pocket.yaml"), "utf8");
  const absolute = text.replaceAll("checkpoints/pocket", join(projectRoot, "checkpoints/pocket"));
  await writeFile(path, `${absolute}\n${more}\n`);
  return path;
}
async function sweepArgs(command: string, name: string, more: string): Promise<string[]> {
  // Datasets are found from the working directory, which is the project's.
  const trust = command === "run" ? ["--trust"] : [];
  return [command, await sweepFile(name, more), "--only", "w=0.7", "--limit", "20", ...trust];
}

describe("a command that starts a server", { timeout: 180_000 }, () => {
  it("is not run out of a file from elsewhere unless somebody trusts it", async () => {
    const args = await sweepArgs("run", "elsewhere", `serve: "${serveCommand("{model}")}"`);
    const { code, stderr } = await cli([...args.filter((flag) => flag !== "--trust"), ...places("elsewhere")]);
    expect(stderr).toMatch(
      /elsewhere\.yaml runs a command, and the file is not under the working directory:[\s\S]*--trust/,
    );
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain("elsewhere");
  });

  it("is given each merge as a checkpoint folder, and answers as llama.cpp does here", async () => {
    const served = await sweepArgs("run", "served", `serve: "${serveCommand("{model}")}"`);
    const { code, stderr } = await cli([...served, ...places("served")]);
    expect(stderr).toContain("2 points x 20 completions, 1 at a time");
    expect(code).toBe(0);
    expect(servers()).toEqual([]);
    expect(
      (await readdir(`/dev/shm/mergesweep-${process.getuid?.()}`)).filter((name) => name.startsWith(`${process.pid}-`)),
    ).toEqual([]);
    expect(await cli([...(await sweepArgs("run", "direct", "")), ...places("direct")])).toMatchObject({ code: 0 });
    expect(await completionsOf("served")).toEqual(await completionsOf("direct"));
    const summary = await readFile(join(folder, "served-report/summary.csv"), "utf8");
    expect(summary).toMatch(/,checkpoint,"?openai-server \(cd .*\{model\} \{port\}/);
    expect(await readFile(join(folder, "served-report/summary.md"), "utf8")).toContain(
      "8 of 8 completions that were asked for twice came out the same",
    );
  });

  it("is shown by plan, and makes another plan", async () => {
    const args = await sweepArgs("plan", "served", `serve: "${serveCommand("{model}")}"`);
    expect((await cli(args)).stdout).toContain("runtime: openai-server (cd ");
    expect((await cli(await sweepArgs("plan", "direct", ""))).stdout).toContain("runtime: llama.cpp");
    const other = await sweepArgs("run", "served", `serve: "${serveCommand("{gguf}")}"`);
    const { code, stderr } = await cli([...other, ...places("served")]);
    expect(stderr).toMatch(/server\.serve: .* in the store, .* now/);
    expect(code).toBe(2);
  });

  it("or a GGUF file, also where completions are sampled", async () => {
    const sampled = ["--temperature", "0.6", "--top-p", "0.95"];
    expect(await evaluate("gguf", ...sampled, "--serve", serveCommand("{gguf}"))).toMatchObject({ code: 0 });
    await evaluate("sampled", ...sampled);
    expect(await completionsOf("gguf")).toEqual(await completionsOf("sampled"));
  });

  it("and dies is named with its last lines and started once more", async () => {
    const { code, stderr } = await evaluate("died", "--serve", serveCommand("{gguf}", "die"));
    expect(stderr).toMatch(/accfmt: The server ended with exit code 4\. Its last lines:[^]*a bug in the kernel/);
    expect(stderr).toContain("accfmt: goes on with a fresh server");
    expect(code).toBe(0);
    await evaluate("undisturbed");
    expect(await completionsOf("died")).toEqual(await completionsOf("undisturbed"));
    expect(servers()).toEqual([]);
  });

  it.each([
    ["does not come up", "exit", /failed: The server ended with exit code 3\. Its last lines:\n *not enough memory/],
    [
      "never gets well",
      "mute",
      /failed: The server did not answer .*\/v1\/models within 4 seconds\. Its last lines:\n/,
    ],
  ])("and %s costs its unit", async (_what, mode, message) => {
    const more = `serve: "${serveCommand("{model}", mode)}"\nruntime: { start_seconds: 4 }`;
    const { code, stderr } = await cli([...(await sweepArgs("run", mode, more)), ...places(mode)]);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("2 of 2 points failed: w=0.7, base.");
    expect(code).toBe(1);
    expect(servers()).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGKILL", null],
  ] as const)("is ended with the sweep by %s", async (signal, code) => {
    const name = `stopped-${signal}`;
    const args = ["eval", MODEL, "--sequences", "1", "--serve", serveCommand("{model}"), ...places(name)];
    const child = spawnCli(args, { CI: "1" });
    await expect.poll(() => countStored(join(folder, name), "000-accfmt"), { timeout: 60_000 }).toBeGreaterThan(0);
    expect(servers().length).toBeGreaterThan(0);
    if (child.pid !== undefined) process.kill(child.pid, signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(code);
    await expect.poll(servers, { timeout: 10_000 }).toEqual([]);
  });
});

describe("a server that runs already", { timeout: 180_000 }, () => {
  it("is asked again where it is busy; where it is does not matter to the store", async () => {
    const file = join(projectRoot, "test/helpers/models/serve-model.ts");
    const start = async (...mode: string[]): Promise<{ url: string; stop: () => Promise<void> }> => {
      const port = await freePort();
      const args = ["--import", "tsx", file, MODEL, String(port), join(folder, "scratch"), ...mode];
      const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: ["ignore", "pipe", "inherit"] });
      for await (const text of child.stdout) if (String(text).includes("listening")) break;
      const stop = async (): Promise<void> => {
        child.kill("SIGKILL");
        await once(child, "exit");
      };
      return { url: `http://127.0.0.1:${port}/v1`, stop };
    };
    const busy = await start("busy");
    expect(await evaluate("running", "--runtime-url", busy.url)).toMatchObject({ code: 0 });
    await busy.stop();
    await evaluate("undisturbed");
    expect(await completionsOf("running")).toEqual(await completionsOf("undisturbed"));
    const elsewhere = await evaluate("running", "--runtime-url", "http://127.0.0.1:9/v1");
    expect(elsewhere).toMatchObject({ code: 0 });
  });

  it("and does not answer costs its unit", async () => {
    const port = await freePort();
    const { code, stderr } = await evaluate("absent", "--runtime-url", `http://127.0.0.1:${port}/v1`);
    expect(stderr).toMatch(/accfmt: failed: No answer from http:.*\/v1\/models/);
    expect(code).toBe(1);
  });
});

describe("a server that cannot do the sweep", () => {
  const key = "MERGESWEEP_TEST_NO_SUCH_KEY";
  it.each([
    ["one model for many points", "runtime: { url: http://localhost:1/v1 }", /has one model, the sweep has 2 points/],
    ["a command without a port", 'serve: "vllm serve {model}"', /yaml:\d+:1: expected \{port\} in the command/],
    ["a command without the weights", 'serve: "vllm --port {port}"', /expected \{model\} .* or \{gguf\}/],
    ["nothing to reach", "runtime: { model: x }", /expected the url of a server, or a command/],
    [
      "a key that is not set",
      `serve: "x {model} {port}"\nruntime: { api_key_env: ${key} }`,
      new RegExp(`${key} is not set`),
    ],
    ["an option of llama.cpp", 'serve: "x {model} {port}"\nruntime: { gpu: auto }', /gpu is for llama\.cpp/],
    [
      "a port of no command",
      'runtime: { url: "http://localhost:{port}/v1" }',
      /\{port\} is known of a server that serve/,
    ],
    ["no address", "runtime: { url: localhost }", /runtime\.url: expected an address such as .*, found "localhost"/],
    ["a typo", "runtime: { ulr: http://localhost:1/v1 }", /unknown key "ulr".*Did you mean "url"/],
  ])("for %s exits 2 before anything is started", async (name, more, message) => {
    const args = await sweepArgs("run", name.replaceAll(" ", "-"), more);
    const { code, stderr } = await cli([...args, ...places("refused")]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain("refused");
  });

  it.each([
    [
      "localhost:8000",
      /--runtime-url: expected one address such as http:\/\/localhost:8000\/v1, found "localhost:8000"/,
    ],
    ["ftp://localhost/v1", /--runtime-url: expected one address such as/],
    ["http://", /--runtime-url: expected one address such as/],
    ["http://me:secret@localhost:8000/v1", /--runtime-url: expected one address such as/],
    ["http://localhost:8000/v1?key=1", /--runtime-url: expected one address such as/],
  ])("for the address %s exits 2 before anything is started", async (address, message) => {
    const { code, stderr } = await evaluate("refused", "--runtime-url", address);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain("refused");
  });

  it("may have its port in the address", async () => {
    const args = await sweepArgs(
      "plan",
      "port-in-url",
      'serve: "x {model} {port}"\nruntime: { url: "http://localhost:{port}/api/v1" }',
    );
    expect(await cli(args)).toMatchObject({ code: 0 });
  });

  it("for a thinking budget says that the protocol has no word for it", async () => {
    const args = await sweepArgs("plan", "thinking", 'serve: "x {model} {port}"');
    const text = await readFile(join(folder, "thinking.yaml"), "utf8");
    await writeFile(
      join(folder, "thinking.yaml"),
      text.replace("max_tokens: 256", "max_tokens: 256, max_thinking_tokens: 9"),
    );
    expect((await cli(args)).stderr).toMatch(/max_thinking_tokens: the completions protocol has no word/);
  });
});

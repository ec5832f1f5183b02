import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { engineProcesses, livingInGroup } from "../../helpers/processes.ts";
import { cli, spawnCli } from "../../helpers/run-cli.ts";
import { countStored, storedCompletions } from "../../helpers/runs/stored-completions.ts";
import { projectRoot } from "../../helpers/shared.ts";

const SWEEP = join(projectRoot, "sweeps/pocket.yaml");
const folder = scratchFolder();

/** Two merges and the base, few sequences so that a kill meets them in the middle. */
function sweepArgs(name: string, workers: number, more: readonly string[] = []): string[] {
  const asked = ["run", SWEEP, "--only", "w=0", "--only", "w=0.7", "--limit", "40"];
  const execution = ["--sequences", "2", "--workers", String(workers), ...more];
  return [...asked, ...execution, "--out", join(folder, name), "--report", join(folder, `${name}-report`)];
}

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Waits for its end; gives the exit code, what it printed, and what is still alive of it a moment later. */
  ended(): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(args: readonly string[]): Running {
  const child = spawnCli(args, { CI: "1" });
  const { pid } = child;
  if (pid === undefined) throw new Error("Expected a process");
  const printed = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const closed = once(child, "close");
  return {
    child,
    pid,
    ended: async () => {
      await closed;
      return { code: child.exitCode, ...printed };
    },
  };
}

/** Waits until a unit has begun to store, and gives back an engine process that is not one of those known. */
async function engineAtWork(
  running: Running,
  run: string,
  { known = [], unit = "000-w=0" }: { known?: readonly number[]; unit?: string } = {},
): Promise<number> {
  await expect.poll(() => countStored(join(folder, run), unit), { timeout: 240_000, interval: 5 }).toBeGreaterThan(0);
  return await newEngine(running, known);
}

/** Gives back an engine process that is not one of those known as soon as there is one: it has not even started up. */
async function newEngine(running: Running, known: readonly number[] = []): Promise<number> {
  const others = (): number[] => engineProcesses(running.pid).filter((pid) => !known.includes(pid));
  await expect.poll(others, { timeout: 240_000, interval: 5 }).not.toEqual([]);
  return others()[0] ?? 0;
}

describe("a process that dies under a sweep", { timeout: 600_000 }, () => {
  let undisturbed: Record<string, string[]>;
  beforeAll(async () => {
    await cli(sweepArgs("undisturbed", 2));
    undisturbed = await storedCompletions(join(folder, "undisturbed"));
  }, 400_000);

  it.each(["SIGKILL", "SIGSEGV"] as const)(
    "once, by %s, is named and replaced, and nothing is lost",
    async (signal) => {
      const name = `once-${signal}`;
      const running = start(sweepArgs(name, 1));
      process.kill(await engineAtWork(running, name), signal);
      const { code, stderr } = await running.ended();
      expect(stderr).toMatch(new RegExp(`w=0: The process that runs llama\\.cpp was ended by ${signal}\\.`));
      expect(stderr).toContain("w=0: goes on with a fresh process");
      expect(code).toBe(0);
      expect(await storedCompletions(join(folder, name))).toEqual(undisturbed);
    },
  );

  it("twice costs its unit and no other; the report names it, and the same command tries it again", async () => {
    const running = start(sweepArgs("twice", 1));
    const first = await engineAtWork(running, "twice");
    process.kill(first, "SIGSEGV");
    const second = await engineAtWork(running, "twice", { known: [first] });
    process.kill(second, "SIGABRT");
    const { code, stderr, stdout } = await running.ended();
    expect(stderr).toMatch(/w=0: failed: The process that runs llama\.cpp was ended by SIGABRT\. /);
    expect(stderr).toMatch(/1 of 3 points failed: w=0\./);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nw=0\.7 /);
    expect(stdout).toMatch(/\nbase /);
    const summary = join(folder, "twice-report/summary.md");
    expect(await readFile(summary, "utf8")).toMatch(
      /w=0 failed: The process that runs llama\.cpp was ended by SIGABRT/,
    );
    expect(JSON.parse((await cli(["status", join(folder, "twice"), "--json"])).stdout)).toMatchObject({
      points: [{ point: "w=0", state: "failed" }, { state: "done" }, { state: "done" }],
    });

    expect(await cli(sweepArgs("twice", 1))).toMatchObject({ code: 0 });
    expect(await storedCompletions(join(folder, "twice"))).toEqual(undisturbed);
    expect(await readFile(summary, "utf8")).not.toContain("failed");
    expect(await readdir(join(folder, "twice/units/000-w=0"))).not.toContain("failure.json");
  });

  it("in every point once ends none of them", async () => {
    const running = start(sweepArgs("each", 1));
    const killed: number[] = [];
    for (const unit of ["000-w=0", "001-w=0.7", "002-base"]) {
      const engine = await engineAtWork(running, "each", { unit, known: killed });
      process.kill(engine, "SIGKILL");
      killed.push(engine);
    }
    expect((await running.ended()).code).toBe(0);
    expect(await storedCompletions(join(folder, "each"))).toEqual(undisturbed);
  });

  it("twice while it starts costs its unit and no other", async () => {
    const running = start(sweepArgs("no-start", 1));
    const first = await newEngine(running);
    process.kill(first, "SIGKILL");
    process.kill(await newEngine(running, [first]), "SIGSEGV");
    const { code, stderr } = await running.ended();
    expect(stderr).toMatch(/w=0: The process that runs llama\.cpp was ended by SIGKILL/);
    expect(stderr).toMatch(/w=0: failed: The process that runs llama\.cpp was ended by SIGSEGV/);
    expect(stderr).toMatch(/1 of 3 points failed: w=0\./);
    expect(code).toBe(1);
    const summary = await readFile(join(folder, "no-start-report/summary.md"), "utf8");
    expect(summary).toMatch(/w=0 failed: .* SIGSEGV[^]*Before: The process .* SIGKILL/);
    expect(await cli(sweepArgs("no-start", 1))).toMatchObject({ code: 0 });
    expect(await storedCompletions(join(folder, "no-start"))).toEqual(undisturbed);
  });

  it("twice while it starts leaves its unit to another worker, if there is one", async () => {
    const running = start(sweepArgs("one-left", 2));
    const first = await newEngine(running);
    const second = await newEngine(running, [first]);
    process.kill(first, "SIGKILL");
    process.kill(await newEngine(running, [first, second]), "SIGKILL");
    const { code, stderr } = await running.ended();
    expect(stderr).toMatch(/A worker gave up: The process that runs llama\.cpp was ended by SIGKILL/);
    expect(code).toBe(0);
    expect(await storedCompletions(join(folder, "one-left"))).toEqual(undisturbed);
  });

  it("by SIGKILL is said to have died of too little memory, perhaps, and what takes less", async () => {
    const running = start(sweepArgs("memory", 1));
    process.kill(await engineAtWork(running, "memory"), "SIGKILL");
    const { stderr } = await running.ended();
    expect(stderr).toMatch(/ended by SIGKILL[^]*out of memory[^]*--workers[^]*--sequences[^]*goes on with a fresh/);
  });

  it("twice in the only point leaves a report that says so, with both deaths", async () => {
    const places = ["--out", join(folder, "only"), "--report", join(folder, "only-report")];
    const execution = ["--limit", "40", "--sequences", "2", "--workers", "1"];
    const running = start(["eval", join(projectRoot, "checkpoints/pocket/len"), ...execution, ...places]);
    const first = await engineAtWork(running, "only", { unit: "000-len" });
    process.kill(first, "SIGSEGV");
    process.kill(await newEngine(running, [first]), "SIGABRT");
    const { code, stdout, stderr } = await running.ended();
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/Report: .*only-report\/index\.html/);
    for (const file of ["summary.md", "index.html", "report.json"]) {
      const text = await readFile(join(folder, "only-report", file), "utf8");
      expect(text).toMatch(/len failed: The process that runs llama\.cpp was ended by SIGABRT[^]*SIGSEGV/);
    }
    expect(await cli(["report", join(folder, "only"), "--out", join(folder, "again")])).toMatchObject({ code: 0 });
  });

  it("while two share a unit leaves its problems to be asked again", async () => {
    const args = (name: string, workers: number): string[] => {
      const asked = ["eval", join(projectRoot, "checkpoints/pocket/len"), "--limit", "150", "--sequences", "2"];
      const places = ["--out", join(folder, name), "--report", join(folder, `${name}-report`)];
      return [...asked, "--workers", String(workers), ...places];
    };
    const running = start(args("shared", 2));
    await expect.poll(() => engineProcesses(running.pid).length, { timeout: 240_000, interval: 5 }).toBe(2);
    await expect
      .poll(() => countStored(join(folder, "shared"), "000-len"), { timeout: 240_000, interval: 5 })
      .toBeGreaterThan(10);
    process.kill(engineProcesses(running.pid)[0] ?? 0, "SIGKILL");
    const { code, stderr } = await running.ended();
    expect(stderr).toContain("len: goes on with a fresh process");
    expect(code).toBe(0);
    await cli(args("alone", 1));
    expect(await storedCompletions(join(folder, "shared"))).toEqual(await storedCompletions(join(folder, "alone")));
  });

  it("or hangs is found by its silence and replaced", async () => {
    const running = start(sweepArgs("hung", 1, ["--hang-seconds", "8"]));
    process.kill(await engineAtWork(running, "hung"), "SIGSTOP");
    const { code, stderr } = await running.ended();
    expect(stderr).toMatch(/w=0: The process that runs llama\.cpp has not advanced for 8 seconds, and was ended/);
    expect(code).toBe(0);
    expect(livingInGroup(running.pid)).toEqual([]);
  });
});

describe("a sweep that is ended", { timeout: 600_000 }, () => {
  it.each([
    ["SIGINT", 130, "group", /Continue with: mergesweep run/],
    ["SIGTERM", 143, "process", /Continue with: mergesweep run/],
    ["SIGHUP", 129, "group", /Continue with: mergesweep run/],
    ["SIGKILL", null, "process", /completions/],
  ] as const)("by %s exits %s and leaves no process", async (signal, expected, whom, said) => {
    const name = `stopped-${signal}`;
    const running = start(sweepArgs(name, 2));
    await engineAtWork(running, name);
    process.kill(whom === "group" ? -running.pid : running.pid, signal);
    const { code, stderr } = await running.ended();
    expect(code).toBe(expected);
    await expect.poll(() => livingInGroup(running.pid), { timeout: 60_000 }).toEqual([]);
    expect((await readdir(join(folder, name))).includes("leases")).toBe(signal === "SIGKILL");
    expect(stderr).toMatch(said);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("by %s does not wait for a process that hangs", async (signal) => {
    const name = `hanging-${signal}`;
    const running = start(sweepArgs(name, 2));
    process.kill(await engineAtWork(running, name), "SIGSTOP");
    await endsSoon(running, signal);
    expect(await readdir(join(folder, name))).not.toContain("leases");
  });

  it("does not wait for a process that hangs while it starts", async () => {
    const running = start(sweepArgs("hanging-start", 2));
    await expect.poll(() => engineProcesses(running.pid), { timeout: 240_000, interval: 5 }).not.toEqual([]);
    process.kill(engineProcesses(running.pid)[0] ?? 0, "SIGSTOP");
    // Until the other one, if it is there, has come to its work.
    await wait(3000);
    await endsSoon(running, "SIGTERM");
  });

  it.skipIf(!existsSync("/usr/bin/script"))(
    "by its terminal, which is closed under it, exits 129 and leaves no process (script makes the terminal)",
    async () => {
      const name = "closed";
      const [group, code, inner] = [join(folder, "group"), join(folder, "code"), join(folder, "inner.sh")];
      const main = `${process.execPath} --import tsx src/cli/main.ts ${sweepArgs(name, 2).join(" ")}`;
      // The first shell is the one that the terminal takes along; the second stays to tell the exit code.
      await writeFile(inner, `trap '' HUP; ${main}; echo $? > ${code}`);
      const terminal = spawn("/usr/bin/script", ["-qfc", `echo $$ > ${group}; sh ${inner}; true`, "/dev/null"], {
        cwd: projectRoot,
        env: { ...process.env, SHELL: "/bin/sh" },
        stdio: ["pipe", "ignore", "ignore"],
      });
      await expect
        .poll(() => countStored(join(folder, name), "000-w=0"), { timeout: 240_000, interval: 5 })
        .toBeGreaterThan(0);
      terminal.kill("SIGKILL");
      const leader = Number(await readFile(group, "utf8"));
      await expect.poll(() => livingInGroup(leader), { timeout: 60_000 }).toEqual([]);
      expect(await readFile(code, "utf8")).toBe("129\n");
      expect(await readdir(join(folder, name))).not.toContain("leases");
    },
  );
});

/** Sends a signal that ends a sweep; it must not take the time after which a silent process is taken to hang. */
async function endsSoon(running: Running, signal: "SIGINT" | "SIGTERM"): Promise<void> {
  process.kill(running.pid, signal);
  try {
    await expect.poll(() => running.child.exitCode, { timeout: 60_000 }).toBe(signal === "SIGINT" ? 130 : 143);
    expect((await running.ended()).stderr).toMatch(/Continue with: mergesweep run/);
    await expect.poll(() => livingInGroup(running.pid), { timeout: 60_000 }).toEqual([]);
  } finally {
    if (livingInGroup(running.pid).length > 0) process.kill(-running.pid, "SIGKILL");
  }
}

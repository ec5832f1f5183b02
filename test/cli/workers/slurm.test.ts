import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { CompletionsServer } from "../../helpers/models/completions-server.ts";
import { createScriptedRuntime } from "../../helpers/models/scripted-runtime.ts";
import { slowServer, timesAsked } from "../../helpers/models/slow-server.ts";
import { commandsWith } from "../../helpers/processes.ts";
import { type CliResult, cli, spawnCli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { type SlurmCluster, slurmInstalled, startSlurm } from "../../helpers/slurm-cluster.ts";
import { reportTexts } from "../../helpers/worker-runs.ts";

const SWEEP = join(projectRoot, "sweeps/pocket.yaml");
let folder: string;
let server: CompletionsServer;
/** Milliseconds of an answer. */
let latency = 1;
let slurm: SlurmCluster;
const children: ChildProcess[] = [];

beforeAll(async () => {
  // The space is there to be quoted.
  folder = await mkdtemp(join(tmpdir(), "mergesweep slurm-"));
  server = await slowServer(() => latency);
  if (slurmInstalled) slurm = await startSlurm(3);
}, 180_000);
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(async () => {
  // Where a test fails, one may wait for its jobs.
  for (const child of children) child.kill("SIGKILL");
  if (slurmInstalled) await slurm[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Two merges and a reference, answered by the server. */
function asked(name: string): string[] {
  const choice = ["--only", "w=0", "--only", "w=0.5", "--limit", "200", "--sequences", "2"];
  const by = ["--runtime-url", server.url, "--runtime-model", "{name}"];
  return [SWEEP, ...choice, ...by, "--out", join(folder, name), "--report", join(folder, `${name}-report`)];
}

function reportFiles(name: string): Promise<Record<string, string>> {
  return reportTexts(join(folder, `${name}-report`));
}

/** The command line in a process of its own, which finds the cluster. */
async function spawned(...args: string[]): Promise<CliResult> {
  const child = spawnCli(args, { ...slurm.environment, XDG_CONFIG_HOME: folder });
  children.push(child);
  const said = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text) => (said.stdout += String(text)));
  child.stderr?.on("data", (text) => (said.stderr += String(text)));
  await once(child, "close");
  return { code: child.exitCode ?? -1, ...said };
}

describe.skipIf(!slurmInstalled)("submit slurm", { timeout: 400_000 }, () => {
  it("loses nothing to a dead node, preemption, requeueing and time limits, and ends with the report of a plain run", async () => {
    latency = 1;
    expect(await cli(["run", ...asked("plain")])).toMatchObject({ code: 0 });
    const before = server.asked.length;
    latency = 3_000;
    const flags = ["--array", "3", "--partition", "low", "--time", "30", "--gpus-per-task", "1", "--wait", "--json"];
    const submitted = spawned("submit", "slurm", ...asked("slurm"), ...flags);
    const run = join(folder, "slurm");

    // A task that is queued again is told to begin in two minutes. Seconds are enough: within the second Slurm would refuse it.
    const queuedAgain = new Map<string, number>();
    const tasks = async (): Promise<string[][]> => {
      const lines = (await slurm.ask("squeue", "-h", "-r", "-o", "%i|%T|%N|%r", "-n", "mergesweep-slurm")).split("\n");
      const rows = lines.map((line) => line.split("|")).filter(([id]) => id?.includes("_"));
      for (const [id = "", , , reason] of rows) {
        const since = queuedAgain.get(id) ?? performance.now();
        if (reason !== "BeginTime") queuedAgain.delete(id);
        else if (performance.now() - since < 3_000) queuedAgain.set(id, since);
        else await slurm.ask("scontrol", "update", `jobid=${id}`, "StartTime=now").catch(() => "");
      }
      return rows;
    };
    const running = async (task: number): Promise<string | undefined> =>
      (await tasks()).find(([id, state]) => id?.endsWith(`_${task}`) === true && state === "RUNNING")?.[2];
    const restarts = async (id: string): Promise<number> =>
      Number(/Restarts=(\d+)/.exec(await slurm.ask("scontrol", "show", "job", id))?.[1]);
    const hasSaid = async (text: string): Promise<boolean> => (await logs(run)).includes(text);
    const runsOn = async (task: number): Promise<string> => {
      await slurm.until(`task ${task} to run`, async () => (await running(task)) !== undefined);
      return (await running(task)) ?? "";
    };

    await slurm.until(
      "all tasks to run",
      async () => (await tasks()).filter(([, state]) => state === "RUNNING").length === 3,
    );
    await slurm.until("answers of all workers", async () => (await storedFiles(run)) >= 3);
    const array = (await tasks())[0]?.[0]?.split("_")[0] ?? "";
    const status = JSON.parse((await spawned("status", run, "--json")).stdout);
    expect(status.slurm[0].workers).toBe(array);
    expect(status.slurm[0].jobs).toContainEqual({
      id: expect.any(String),
      part: "report",
      state: "PENDING",
      reason: "Dependency",
      node: null,
    });

    // Killed with its steps: Slurm notices after half a minute.
    const dead = await runsOn(2);
    await slurm.killNode(dead);
    // Requeued.
    const first = await restarts(`${array}_0`);
    await runsOn(0);
    await slurm.ask("scontrol", "requeue", `${array}_0`);
    await slurm.until("a requeued task", async () => (await restarts(`${array}_0`)) > first);
    await slurm.until("DUE TO JOB REQUEUE", () => hasSaid("DUE TO JOB REQUEUE"));
    await runsOn(0);
    // Preempted: its node is wanted for something more important.
    const second = await restarts(`${array}_1`);
    const node = await runsOn(1);
    await slurm.ask("sbatch", "-p", "high", "-w", node, "-o", "/dev/null", "--wrap", "sleep 1");
    await slurm.until("a preempted task", async () => (await restarts(`${array}_1`)) > second);
    await slurm.until("DUE TO PREEMPTION", () => hasSaid("DUE TO PREEMPTION"));
    await slurm.until("the task of the dead node to be queued again", async () => {
      await tasks();
      return (await restarts(`${array}_2`)) > 0;
    });
    await slurm.startNode(dead);
    await runsOn(2);
    // Told before the end of its time, a worker finishes what is under way and queues again by itself.
    const third = await restarts(`${array}_1`);
    await runsOn(1);
    const [minutes] = (await slurm.ask("squeue", "-h", "-j", `${array}_1`, "-o", "%M")).split(":");
    await slurm.ask("scontrol", "update", `jobid=${array}_1`, `TimeLimit=${Number(minutes) + 2}`);
    await slurm.until("a time limit", async () => (await restarts(`${array}_1`)) > third);
    await slurm.ask("scontrol", "update", `jobid=${array}_1`, "TimeLimit=30");
    await slurm.until("Stopping once the completions in progress are finished", () =>
      hasSaid("Stopping once the completions in progress are finished"),
    );

    latency = 1;
    const ended = { now: false };
    void submitted.then(() => (ended.now = true));
    while (!ended.now) {
      await tasks();
      await wait(500);
    }
    const { code, stdout, stderr } = await submitted;
    expect(stderr).not.toMatch(/not made|not done|failed:/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      workers: array,
      tasks: 3,
      outcome: { done: 3, failed: [], left: 0, report_state: "COMPLETED" },
    });
    expect(await reportFiles("slurm")).toEqual(await reportFiles("plain"));
    expect(await readdir(run)).not.toContain("leases");
    expect(timesAsked(server.asked.slice(before)).size).toBe(3 * 200);
  });

  it("is cancelled by cancel, and goes on with the next submit", async () => {
    latency = 3_000;
    const run = join(folder, "cancelled");
    const submitted = await spawned("submit", "slurm", ...asked("cancelled"), "--array", "2", "--wait", "--dry-run");
    expect(submitted).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--wait: cannot be combined with --dry-run"),
    });
    expect(await spawned("cancel", run)).toMatchObject({ code: 2 });

    const waiting = spawned("submit", "slurm", ...asked("cancelled"), "--array", "2", "--wait");
    await slurm.until("answers", async () => (await storedFiles(run)) >= 1);
    expect((await spawned("status", run)).stdout).toMatch(/Slurm, workers \(job \d+\): .*running on node\d/);
    expect((await spawned("cancel", run)).stdout).toMatch(/^Cancelled: job \d+, job \d+\.$/m);
    const { code, stderr } = await waiting;
    expect(code).toBe(75);
    expect(stderr).toMatch(/3 points of 3 not done[\s\S]*The report was not made: its job is CANCELLED/);
    expect((await spawned("cancel", run)).stdout).toMatch(/None of the jobs of .* is pending or running/);
    expect(await readdir(run)).not.toContain("leases");

    latency = 1;
    await writeFile(join(folder, "prelude.sh"), 'echo "prelude of $SLURM_JOB_NAME"\n');
    await mkdir(join(folder, "mergesweep"), { recursive: true });
    await writeFile(join(folder, "mergesweep/slurm.yaml"), "prelude: ../prelude.sh\narray: 2\n");
    const report = ["--report", join(folder, "cancelled-report")];
    const again = await spawned("submit", "slurm", run, "--sequences", "2", ...report, "--wait", "--", "--comment=a b");
    expect(again).toMatchObject({ code: 0 });
    expect(await reportFiles("cancelled")).toEqual(await reportFiles("plain"));
    expect(await readdir(join(run, "slurm"))).toEqual(["1", "2"]);
    expect(await logs(run)).toContain("prelude of mergesweep-cancelled");
  });

  it("lets each task start a server of its own, on a free port", async () => {
    const script = join(projectRoot, "test/helpers/serve-answers.ts");
    const serve = `cd ${projectRoot} && node --import tsx ${script} {model} {port}`;
    const what = [SWEEP, "--only", "w=0", "--only", "w=0.5", "--limit", "50", "--serve", serve];
    const places = (name: string): string[] => [
      "--out",
      join(folder, name),
      "--report",
      join(folder, `${name}-report`),
    ];
    expect(await cli(["run", ...what, ...places("served")])).toMatchObject({ code: 0 });
    const submitted = await spawned("submit", "slurm", ...what, ...places("tasks"), "--array", "3", "--wait");
    expect(submitted).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "tasks/slurm/1/worker.sh"), "utf8")).toContain("#SBATCH --gres=gpu:1");
    expect(await reportFiles("tasks")).toEqual(await reportFiles("served"));
    expect(commandsWith(script)).toEqual([]);
  });

  it("says what sbatch says where it refuses, and leaves the script to be changed", async () => {
    const { code, stderr } = await spawned("submit", "slurm", ...asked("refused"), "--partition", "nowhere");
    expect(code).toBe(1);
    expect(stderr).toMatch(/sbatch refused the workers: [\s\S]*Invalid partition name specified/);
    expect(stderr).toMatch(/submit it by hand: sbatch '.*refused\/slurm\/1\/worker\.sh'/);
    expect((await spawned("status", join(folder, "refused"))).stdout).not.toContain("Slurm");
  });
});

describe("a run with --gpu in a job that has several GPUs", () => {
  it("has a process on each, unless --devices says otherwise; of one alone CUDA knows by itself", async () => {
    expect(await devicesOf("two-gpus", ["GPU-8a", "GPU-9b"])).toEqual(["GPU-8a", "GPU-9b"]);
    expect(await devicesOf("named-gpu", ["0", "1"], "--devices", "1")).toEqual(["1"]);
    expect(await devicesOf("one-gpu", ["0"])).toEqual(["any"]);
  });
});

describe("submit", () => {
  it("--dry-run writes the scripts into the run's folder and prints them, also where there is no Slurm", async () => {
    vi.stubEnv("PATH", folder);
    vi.stubEnv("XDG_CONFIG_HOME", folder);
    const { code, stdout, stderr } = await cli(["submit", "slurm", ...asked("dry"), "--dry-run", "--", "--qos=long"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const at = join(folder, "dry/slurm/1");
    const scripts = await Promise.all(["worker.sh", "report.sh"].map((name) => readFile(join(at, name), "utf8")));
    expect(stdout).toBe(scripts.join("\n"));
    expect(stdout).toContain(`worker '${join(folder, "dry")}' --sequences 2 &`);
    expect(stdout.match(/^#SBATCH --qos=long$/gm)).toHaveLength(2);
    expect(stderr).toContain("sbatch --parsable");
    expect(await readdir(at)).toEqual(["report.sh", "worker.sh"]);
  });

  it("names what is wrong: no Slurm here, no run, flags of a sweep beside a run, a flag that mergesweep sets itself", async () => {
    vi.stubEnv("PATH", folder);
    vi.stubEnv("XDG_CONFIG_HOME", folder);
    const dry = ["submit", "slurm", ...asked("wrong"), "--dry-run"];
    for (const [args, said] of [
      [["submit", "slurm", ...asked("wrong")], /Expected Slurm's sbatch on the PATH, found none/],
      [["submit", "slurm", "gone.yaml", "--dry-run"], /Expected a sweep file, found none at gone\.yaml/],
      [["submit", "slurm", folder, "--dry-run"], /Expected a run store with a manifest\.json, found none/],
      [[...dry, "--", "--array=0-99"], /--array=0-99: expected flags of sbatch other than array/],
      [[...dry, "--mem", "much"], /--mem: expected an amount of memory such as 16G, found "much"/],
      [["run", SWEEP, "--", "--qos=long"], /unexpected argument "--qos=long"/],
      [["cancel", folder], /Expected a run store with a manifest\.json, found none/],
    ] as const) {
      const { code, stderr } = await cli(args);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
    const beside = await cli(["submit", "slurm", join(folder, "wrong"), "--limit", "5", "--dry-run"]);
    expect(beside.stderr).toMatch(/--limit: expected it with a sweep file, found the run/);
  });
});

/** The devices that processes are started for. */
async function devicesOf(name: string, gpus: readonly string[], ...flags: string[]): Promise<string[]> {
  const devices: string[] = [];
  const places = ["--out", join(folder, name), "--report", join(folder, `${name}-report`)];
  const { code } = await cli(["run", SWEEP, "--gpu", "--only", "w=0.5", "--limit", "4", ...places, ...flags], {
    gpus,
    createRuntime: (settings) => {
      devices.push(settings?.device ?? "any");
      return Promise.resolve(createScriptedRuntime(() => ({ text: "<think>\nhm\n</think>\n\\boxed{1}" })));
    },
  });
  expect(code).toBe(0);
  return devices.toSorted();
}

/** Files of completions that workers have begun. */
async function storedFiles(run: string): Promise<number> {
  const units = await readdir(join(run, "units")).catch(() => []);
  const files = await Promise.all(units.map((unit) => readdir(join(run, "units", unit))));
  return files.flat().filter((name) => name.startsWith("samples")).length;
}

/** All that the jobs of a run have printed. */
async function logs(run: string): Promise<string> {
  const names = (await readdir(join(run, "slurm"), { recursive: true })).filter((name) => name.endsWith(".log"));
  return (await Promise.all(names.map((name) => readFile(join(run, "slurm", name), "utf8")))).join("\n");
}

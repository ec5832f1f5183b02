import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkers } from "../../../src/runs/leases/read-workers.ts";
import type { CompletionsServer } from "../../helpers/models/completions-server.ts";
import { slowServer } from "../../helpers/models/slow-server.ts";
import { storedCompletions } from "../../helpers/runs/stored-completions.ts";
import {
  killGroup,
  SEQUENCES,
  type StartedWorker,
  startProcess,
  WorkerRuns,
  workersAtWork,
} from "../../helpers/worker-runs.ts";

const SFTP_SERVER = "/usr/lib/openssh/sftp-server";

/** A host of its own, as far as leases can tell: another name, and process ids that mean nothing elsewhere. */
const NAMESPACES = [
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--uts",
  ...(isRoot() ? [] : ["--map-root-user"]),
];

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** The library that shifts a clock: its own command counts on process ids that are the same for all. */
const FAKETIME = spawnSync("faketime", ["-f", "+0s", "sh", "-c", 'echo "$LD_PRELOAD"'], { encoding: "utf8" });
const canBeHosts = hasShiftedClock("+3h") && works("unshare", ...NAMESPACES, "true");

/** What shifts the clock of a program that `env` starts. */
function clockOf(shift: string): string[] {
  return [`LD_PRELOAD=${FAKETIME.stdout.trim()}`, `FAKETIME=${shift}`, "FAKETIME_DONT_FAKE_MONOTONIC=1"];
}

function hasShiftedClock(shift: string): boolean {
  if (FAKETIME.status !== 0) return false;
  const { stdout } = spawnSync("env", [...clockOf(shift), "date", "+%s"], { encoding: "utf8" });
  return Number(stdout) > Date.now() / 1000 + 3600;
}
const canMount = existsSync("/dev/fuse") && existsSync(SFTP_SERVER) && works("sshfs", "--version");

let folder: string;
let server: CompletionsServer;
let runs: WorkerRuns;
/** How many workers have to be at work, in which store, before the server answers. */
let gate: { readonly workers: number; readonly store: string } | undefined;
const started: StartedWorker[] = [];
const mounts: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mergesweep-hosts-"));
  server = await slowServer(async () => {
    if (gate === undefined) return 200;
    const { workers, store } = gate;
    while ((await workersAtWork(store)).length < workers) await wait(100);
    gate = undefined;
    return 200;
  });
  runs = new WorkerRuns(folder, server, 100);
  await runs.plain("plain");
});
afterAll(async () => {
  for (const worker of started) killGroup(worker);
  await server[Symbol.asyncDispose]();
  for (const mount of mounts) spawnSync("fusermount3", ["-u", "-z", mount]);
  await rm(folder, { recursive: true, force: true });
});

async function expectAsPlain(name: string): Promise<void> {
  await runs.report(name);
  expect(await storedCompletions(runs.store(name))).toEqual(await storedCompletions(runs.store("plain")));
  expect(await runs.reportFiles(name)).toEqual(await runs.reportFiles("plain"));
}

function remember(worker: StartedWorker): StartedWorker {
  started.push(worker);
  return worker;
}

/** @param shift of its clock, such as `+3h` */
function startOnHost(host: string, name: string, shift: string): StartedWorker {
  const worker = [process.execPath, ...runs.command(runs.store(name), "--lease-seconds", "10")];
  const script = 'hostname "$0" && exec env "$@"';
  return remember(startProcess("unshare", [...NAMESPACES, "sh", "-c", script, host, ...clockOf(shift), ...worker]));
}

describe("workers on several hosts", { timeout: 400_000 }, () => {
  it.skipIf(!canBeHosts)("whose clocks differ by hours share a run, and take over from a host that dies", async () => {
    const before = server.asked.length;
    const store = runs.store("hosts");
    await runs.setDown("hosts");
    gate = { workers: 2, store };
    const early = startOnHost("early", "hosts", "-3h");
    const late = startOnHost("late", "hosts", "+3h");
    await expect.poll(() => gate, { timeout: 120_000 }).toBeUndefined();
    const workers = await readWorkers(store);
    expect(workers.map(({ host, state }) => `${host} ${state}`).toSorted()).toEqual(["early heard", "late heard"]);
    killGroup(early);
    expect(await late.ended).toBe(0);
    await expectAsPlain("hosts");
    expect(runs.askedAgain(before)).toBeLessThanOrEqual(SEQUENCES);
  });

  it.skipIf(!canMount)(
    "see the folder through two mounts with caches of their own, and make the report of one",
    async () => {
      const store = runs.store("mounted");
      await runs.setDown("mounted");
      const client = join(folder, "client.sh");
      await writeFile(client, `#!/bin/sh\nexec ${SFTP_SERVER}\n`);
      await chmod(client, 0o755);
      gate = { workers: 2, store };
      const workers: StartedWorker[] = [];
      for (const name of ["one", "two"]) {
        const mount = join(folder, name);
        await mkdir(mount);
        const mounted = works("sshfs", "-o", `ssh_command=${client}`, `host:${folder}`, mount);
        expect(mounted).toBe(true);
        mounts.push(mount);
        workers.push(remember(runs.start(join(mount, "mounted"))));
      }
      expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
      await expectAsPlain("mounted");
    },
  );
});

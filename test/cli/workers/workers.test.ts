import { EventEmitter, once } from "node:events";
import { readdir } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveSeed, seededRandom } from "../../../src/base/random.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import type { CompletionsServer } from "../../helpers/models/completions-server.ts";
import { slowServer } from "../../helpers/models/slow-server.ts";
import { storedCompletions } from "../../helpers/runs/stored-completions.ts";
import { killGroup, SEQUENCES, type StartedWorker, WorkerRuns, workersAtWork } from "../../helpers/worker-runs.ts";

let folder: string;
let server: CompletionsServer;
let runs: WorkerRuns;
/** The server answers when this is through. */
let opened: () => Promise<void> = () => Promise.resolve();
const started: StartedWorker[] = [];

beforeAll(async () => {
  folder = scratchFolder();
  server = await slowServer(async () => {
    await opened();
    return 100;
  });
  runs = new WorkerRuns(folder, server, 200);
  await runs.plain("plain");
});
afterAll(async () => {
  for (const worker of started) killGroup(worker);
  await server[Symbol.asyncDispose]();
});

function start(name: string, ...flags: string[]): StartedWorker {
  const worker = runs.start(runs.store(name), ...flags);
  started.push(worker);
  return worker;
}

async function expectAsPlain(name: string): Promise<void> {
  await runs.report(name);
  expect(await storedCompletions(runs.store(name))).toEqual(await storedCompletions(runs.store("plain")));
  expect(await runs.reportFiles(name)).toEqual(await runs.reportFiles("plain"));
}

describe("workers on one store", { timeout: 400_000 }, () => {
  it("killed at random, six at a time, lose nothing, ask nothing twice but what was in flight, and make the report of a plain run", async () => {
    const before = server.asked.length;
    await runs.setDown("killed");
    const random = seededRandom(deriveSeed("killed workers", "1"));
    const workers = Array.from({ length: 6 }, () => start("killed"));
    let kills = 0;
    let next = 0;
    // After so many more answers, at random, one is killed and another started in its place.
    for (;;) {
      await wait(20);
      const count = server.asked.length - before;
      const living = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      if (living.length === 0 || count >= 3 * runs.limit - 60) break;
      if (count < next) continue;
      next = count + 10 + 60 * random();
      living[Math.floor(random() * living.length)]?.child.kill("SIGKILL");
      kills++;
      workers.push(start("killed"));
    }
    const codes = await Promise.all(workers.map(({ ended }) => ended));
    expect(codes.filter((code) => code !== null && code !== 0)).toEqual([]);
    expect(kills).toBeGreaterThan(0);
    await expectAsPlain("killed");
    expect(await readdir(runs.store("killed"))).not.toContain("leases");
    expect(runs.askedAgain(before)).toBeLessThanOrEqual(kills * SEQUENCES);
  });

  it("notice that they were taken for dead before they write again, stopped for longer than their leases last", async () => {
    const before = server.asked.length;
    await runs.setDown("stopped");
    const gate = new EventEmitter();
    const opening = once(gate, "open");
    opened = async () => {
      await opening;
    };
    const lease = ["--lease-seconds", "10"];
    const stopped = start("stopped", ...lease);
    await expect.poll(() => workersAtWork(runs.store("stopped"))).toHaveLength(1);
    const group = -(stopped.child.pid ?? Number.NaN);
    process.kill(group, "SIGSTOP");
    gate.emit("open");
    const other = start("stopped", ...lease);
    expect(await other.ended).toBe(0);
    const stored = await storedCompletions(runs.store("stopped"));
    process.kill(group, "SIGCONT");
    expect(await stopped.ended).toBe(1);
    expect(stopped.said()).toMatch(
      /This worker was silent for more than 10 seconds, and others have taken its work over/,
    );
    expect(await storedCompletions(runs.store("stopped"))).toEqual(stored);
    await expectAsPlain("stopped");
    expect(runs.askedAgain(before)).toBeLessThanOrEqual(SEQUENCES);
  });

  it("--report: whoever ends last renders the report, and nobody before", async () => {
    await runs.setDown("reported");
    const flags = ["--report", runs.store("reported-report")];
    const ended = await Promise.all([start("reported", ...flags), start("reported", ...flags)].map((one) => one.ended));
    expect(ended).toEqual([0, 0]);
    expect(await runs.reportFiles("reported")).toEqual(await runs.reportFiles("plain"));
    expect(await readdir(runs.store("reported"))).not.toContain("leases");
  });
});

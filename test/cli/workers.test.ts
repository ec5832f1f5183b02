import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveSeed, seededRandom } from "../../src/base/random.ts";
import type { CompletionsServer } from "../helpers/completions-server.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";
import { slowServer, timesAsked } from "../helpers/slow-server.ts";
import { storedCompletions } from "../helpers/stored-completions.ts";

const SWEEP = join(projectRoot, "sweeps/pocket.yaml");
const SEQUENCES = 4;
let folder: string;
let server: CompletionsServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mergesweep-workers-"));
  server = await slowServer(100);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Two merges and a reference, answered by the server. */
function asked(name: string, limit: number): string[] {
  const choice = ["--only", "w=0", "--only", "w=0.5", "--limit", String(limit)];
  return [SWEEP, ...choice, "--runtime-url", server.url, "--runtime-model", "{name}", "--out", join(folder, name)];
}

const sequences = ["--sequences", String(SEQUENCES)];

async function plainRun(name: string, limit: number): Promise<void> {
  const done = await cli(["run", ...asked(name, limit), ...sequences, "--report", join(folder, `${name}-report`)]);
  expect(done).toMatchObject({ code: 0 });
}

/** Every file of a report that is not a picture. */
async function reportFiles(name: string): Promise<Record<string, string>> {
  const at = join(folder, `${name}-report`);
  const files = (await readdir(at)).filter((file) => /\.(csv|json|md)$/.test(file)).toSorted();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(at, file), "utf8")] as const)),
  );
}

function startWorker(name: string): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
  const child = spawnCli(["worker", join(folder, name), ...sequences, "--quiet"], { CI: "1" });
  const ended = once(child, "exit").then(() => child.exitCode);
  return { child, ended };
}

describe("workers on one store", { timeout: 400_000 }, () => {
  it("killed at random, six at a time, lose nothing, ask nothing twice but what was in flight, and make the report of a plain run", async () => {
    const limit = 200;
    await plainRun("plain", limit);
    const before = server.asked.length;

    expect(await cli(["plan", ...asked("killed", limit), "--store"])).toMatchObject({ code: 0 });
    const random = seededRandom(deriveSeed("killed workers", "1"));
    const workers = Array.from({ length: 6 }, () => startWorker("killed"));
    let kills = 0;
    let next = 0;
    // After so many more answers, at random, one is killed and another started in its place.
    for (;;) {
      await wait(20);
      const count = server.asked.length - before;
      const living = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      if (living.length === 0 || count >= 3 * limit - 60) break;
      if (count < next) continue;
      next = count + 10 + 60 * random();
      living[Math.floor(random() * living.length)]?.child.kill("SIGKILL");
      kills++;
      workers.push(startWorker("killed"));
    }
    const codes = await Promise.all(workers.map(({ ended }) => ended));
    expect(codes.filter((code) => code !== null && code !== 0)).toEqual([]);
    expect(kills).toBeGreaterThan(0);

    expect(await cli(["report", join(folder, "killed"), "--out", join(folder, "killed-report")])).toMatchObject({
      code: 0,
    });
    expect(await storedCompletions(join(folder, "killed"))).toEqual(await storedCompletions(join(folder, "plain")));
    expect(await reportFiles("killed")).toEqual(await reportFiles("plain"));
    expect(await readdir(join(folder, "killed"))).not.toContain("leases");

    const times = timesAsked(server.asked.slice(before));
    expect(times.size).toBe(3 * limit);
    const again = [...times.values()].reduce((sum, count) => sum + count - 1, 0);
    // Each kill may cost what was in flight; each point is checked by repeating four.
    expect(again).toBeLessThanOrEqual(kills * SEQUENCES + 3 * 4);
  });
});

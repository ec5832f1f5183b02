import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFile, link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { enterAlone, enterAsWorker } from "../../../src/runs/leases/enter-store.ts";
import { readWorkers } from "../../../src/runs/leases/read-workers.ts";
import { LeasesLost, type WorkerLeases } from "../../../src/runs/leases/worker-leases.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

let run: string;
beforeEach(async () => {
  run = scratchFolder();
});

const leaseFile = (name: string): string => join(run, "leases", name);

async function worker(asked = "a", leaseSeconds = 120): Promise<WorkerLeases> {
  return (await enterAsWorker(run, asked, () => Promise.resolve(), { leaseSeconds })).leases;
}

/** A worker of another machine, of whose process nothing can be known here. */
async function strangeWorker(leases: readonly string[]): Promise<(beat: number) => Promise<void>> {
  const path = leaseFile("worker.strange");
  const say = (beat: number): Promise<void> =>
    writeFile(
      path,
      JSON.stringify({
        worker: "strange",
        host: "elsewhere",
        place: "0".repeat(16),
        pid: 1,
        started: "1",
        job: "",
        purpose: "worker",
        asked: "a",
        lease_seconds: 0.3,
        admitted: "1",
        beat: String(beat).padStart(12, "0"),
      }),
    );
  await say(0);
  for (const lease of leases) await link(path, leaseFile(`lease.${lease}`));
  return say;
}

async function childProcess(): Promise<{ child: ChildProcess; started: string }> {
  const script = join(run, "hold.mjs");
  await writeFile(script, "process.send('up'); setInterval(() => {}, 1000);");
  const child = fork(script, { execArgv: [] });
  await once(child, "message");
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
  return { child, started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
}

describe("leases of a store", () => {
  it("are one worker's at a time, and are gone with the last worker", async () => {
    const [a, b] = [await worker(), await worker()];
    const claims = await Promise.all([a.claim("unit:block-0"), b.claim("unit:block-0"), a.claim("unit:block-0")]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    const [holder, other] = claims[1] ? [b, a] : [a, b];
    expect((await other.holderOf("unit:block-0"))?.worker).toBe(holder.worker);
    await holder.release("unit:block-0");
    expect(await other.claim("unit:block-0")).toBe(true);
    await a.leave();
    expect(await b.living()).toEqual([]);
    await b.leave();
    expect(await readdir(run)).toEqual([]);
  });

  it("let one of many do what one alone may do", async () => {
    const workers = [await worker(), await worker(), await worker()];
    let inside = 0;
    const most: number[] = [];
    await Promise.all(
      [...workers, ...workers].map((one) =>
        one.exclusively("identities", async () => {
          most.push(++inside);
          await wait(5);
          inside--;
        }),
      ),
    );
    expect(most).toEqual([1, 1, 1, 1, 1, 1]);
    for (const one of workers) await one.leave();
  });

  it("of a process that was killed are free at once, and those of one that lives are not", async () => {
    const dead = await worker();
    await dead.claim("unit:block-0");
    const { child, started } = await childProcess();
    const path = leaseFile(`worker.${dead.worker}`);
    const holder: object = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, `${JSON.stringify({ ...holder, pid: child.pid, started })}\n`, { flag: "r+" });
    const next = await worker();
    expect(await next.claim("unit:block-0")).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await readWorkers(run)).toContainEqual(expect.objectContaining({ pid: child.pid, state: "gone" }));
    expect(await next.living()).toEqual([]);
    expect(await next.claim("unit:block-0")).toBe(true);
    await next.leave();
  });

  it("are not held by a process that happens to have the pid of a dead one", async () => {
    const dead = await worker();
    const path = leaseFile(`worker.${dead.worker}`);
    const holder: object = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, `${JSON.stringify({ ...holder, started: "1" })}\n`);
    const next = await worker();
    expect(await next.living()).toEqual([]);
    await next.leave();
  });

  it("of a worker elsewhere last as long as it beats", async () => {
    const here = await worker();
    const say = await strangeWorker(["unit:block-0"]);
    for (let beat = 1; beat < 10; beat++) {
      await say(beat);
      expect(await here.living()).toHaveLength(1);
      await wait(100);
    }
    expect(await here.claim("unit:block-0")).toBe(false);
    await here.leave();
  });

  it("of a worker elsewhere that is silent are taken over, but for its file of completions", async () => {
    const here = await worker();
    await strangeWorker(["unit:block-0", "unit:file-0", "store"]);
    expect(await here.living()).toHaveLength(1);
    await expect.poll(async () => (await here.living()).length, { timeout: 30_000 }).toBe(0);
    expect(await here.claim("unit:block-0")).toBe(true);
    expect(await here.claim("unit:file-0")).toBe(false);
    await here.leave();
    expect(await readdir(run)).toEqual([]);
  });

  it("that were taken over end the work of whoever had them, before it writes again", async () => {
    const silent = await worker("a", 1);
    await rm(leaseFile(`worker.${silent.worker}`));
    const checked = async (): Promise<unknown> => silent.check().catch((error: unknown) => error);
    await expect.poll(checked, { timeout: 30_000 }).toBeInstanceOf(LeasesLost);
    await silent.leave();
  });

  it("refuse another plan, and whoever needs the store alone, while a worker is there", async () => {
    const first = await worker("a");
    await expect(worker("b")).rejects.toThrow(`in use by process ${process.pid} on`);
    await expect(enterAlone(run, "score")).rejects.toThrow(/in use by process/);
    await first.leave();
    const alone = await enterAlone(run, "score");
    await expect(worker("a")).rejects.toThrow(/in use by process .* for score/);
    await alone.leave();
    await (await worker("b")).leave();
  });

  it("are not given where an older mergesweep works, and are where it was killed", async () => {
    const { child, started } = await childProcess();
    const lock = JSON.stringify({ pid: child.pid, host: hostname(), started });
    await appendFile(join(run, "lock"), lock);
    await expect(worker()).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await worker()).leave();
    expect(await readdir(run)).not.toContain("lock");
  });

  it("that a worker has lost end its work", async () => {
    const lost = await worker();
    await rm(leaseFile(`worker.${lost.worker}`));
    await expect(lost.claim("unit:block-0")).rejects.toThrow(LeasesLost);
    await lost.leave();
  });
});

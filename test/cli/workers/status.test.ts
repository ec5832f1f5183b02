import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli, spawnCli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const folder = scratchFolder();

interface Status {
  readonly samples_done: number;
  readonly tokens_per_second: number;
  readonly seconds_left: number | null;
}

/** The status as soon as it has a speed and an answer: on a busy machine, a moment may pass without a token. */
async function jsonWithSpeed(run: string): Promise<Status> {
  let status: Status | undefined;
  const speed = async (): Promise<number> => {
    status = JSON.parse((await cli(["status", run, "--json"])).stdout);
    return Math.min(status?.tokens_per_second ?? 0, status?.samples_done ?? 0);
  };
  await expect.poll(speed, { timeout: 120_000, interval: 200 }).toBeGreaterThan(0);
  if (status === undefined) throw new Error("There is no status");
  return status;
}

it("status shows speed and workers from another terminal, names a worker that is gone, and a run that is done", {
  timeout: 600_000,
}, async () => {
  const run = join(folder, "run");
  const report = ["--report", join(folder, "report")];
  const sweep = ["run", join(projectRoot, "sweeps/pocket.yaml"), "--only", "w=0", "--only", "w=0.3", "--limit", "300"];
  const args = [...sweep, "--sequences", "2", "--workers", "2", "--out", run, ...report];
  const child = spawnCli(args, { CI: "1" });
  const status = async (): Promise<string> => (await cli(["status", run])).stdout;
  await expect.poll(status, { timeout: 120_000, interval: 200 }).toMatch(/ in 1 process\n.* in 1 process\n/);
  const seen = await status();
  expect(seen).toMatch(/^pocket: 0 of 3 points done, \d+ of 900 samples, \d+ tokens\/s, .* left\n/);
  expect(seen).toContain(`At work: process ${child.pid} on `);
  expect(seen).toMatch(/, 2 workers, since .* s, \d+ leases?\./);
  expect(seen).toMatch(/\n {2}w=0 +working +\d+\/300 {2}\d+ tokens\/s in 1 process\n {2}w=0\.3 +working/);
  const json = await jsonWithSpeed(run);
  expect(json).toMatchObject({
    samples_total: 900,
    workers: [{ pid: child.pid, state: "alive", purpose: "worker", progress: { workers: 2 } }],
  });
  // Not told as long as the estimates move.
  expect(json.seconds_left ?? 1).toBeGreaterThan(0);

  if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  await once(child, "exit");
  const stale = await status();
  expect(stale).toMatch(
    /samples\nGone: process \d+ on .*, without giving back \d+ leases?; the next worker takes over/,
  );
  expect(stale).toMatch(/\n {2}w=0(\.7)? +begun +\d+\/300\n/);

  // The store alone has what scoring takes; what is damaged by the kill is a torn last line at most.
  const scores = await cli(["status", run, "--scores"]);
  expect(scores.stdout).toMatch(
    /\n\nOver the questions that have all of their answers:\npoint +accuracy % [^]*\npoint +[^\n]* questions\nw=0/,
  );
  expect(JSON.parse((await cli(["status", run, "--scores", "--json"])).stdout).scores[0]).toMatchObject({
    point: expect.stringMatching(/^w=0/),
    benchmark: "pocket-math",
    accuracy: expect.any(Number),
  });

  expect(await cli([...sweep, "--out", run, ...report])).toMatchObject({ code: 0 });
  expect(await status()).toMatch(/^pocket: 3 of 3 points done, 900 of 900 samples\nNo worker is running\.\n/);
  expect(await readdir(run)).toEqual(["manifest.json", "problems.jsonl", "setup.json", "units"]);
});

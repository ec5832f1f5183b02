import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { slowServer } from "../../test/helpers/models/slow-server.ts";
import { killGroup, startProcess, workersAtWork } from "../../test/helpers/worker-runs.ts";

const root = join(import.meta.dirname, "../..");
const MAIN = ["--import", "tsx", join(root, "src/cli/main.ts")];
const SEQUENCES = 4;

/**
 * The pocket sweep on one store with several workers, answered by a server that takes the same time for every answer.
 *
 * @param rounds completions that each worker has one after the other
 * @returns the part of the answers that the workers could have got, from when the last of them holds its first lease to the last answer
 */
export async function measureSpeedUp(workers: number, milliseconds: number, rounds: number): Promise<number> {
  return await withServer(milliseconds, async ({ folder, url, answers }) => {
    const limit = Math.ceil((workers * SEQUENCES * rounds) / 12);
    const store = setDown(folder, url, limit);
    const started = Array.from({ length: workers }, () =>
      startProcess(process.execPath, [...MAIN, "worker", store, "--sequences", String(SEQUENCES), "-q"]),
    );
    try {
      while ((await workersAtWork(store)).length < workers) await wait(50);
      const from = performance.now();
      const codes = await Promise.all(started.map(({ ended }) => ended));
      if (codes.some((code) => code !== 0)) throw new Error(started.map(({ said }) => said()).join("\n"));
      const counted = answers.filter((time) => time > from);
      const seconds = (Math.max(...counted) - from) / 1000;
      return (counted.length * milliseconds) / 1000 / (workers * SEQUENCES * seconds);
    } finally {
      for (const worker of started) killGroup(worker);
    }
  });
}

/** Calls on the files of a store that one worker makes for a completion, by strace: in all, and those by name. */
export async function countStoreCalls(limit: number): Promise<ReadonlyMap<string, number>> {
  return await withServer(20, async ({ folder, url }) => {
    const store = setDown(folder, url, limit);
    const log = join(folder, "strace.txt");
    const tracing = ["-f", "-y", "-o", log, "-e", "trace=%file,%desc", process.execPath];
    const { ended, said } = startProcess("strace", [...tracing, ...MAIN, "worker", store, "-q", "--workers", "1"]);
    if ((await ended) !== 0) throw new Error(said());
    const counts = new Map<string, number>();
    for (const line of (await readFile(log, "utf8")).split("\n")) {
      const [, name] = /^\d+ +(\w+)\(/.exec(line) ?? [];
      if (name === undefined || !line.includes(`${store}/`)) continue;
      counts.set(name, (counts.get(name) ?? 0) + 1 / (12 * limit));
    }
    return counts;
  });
}

interface Served {
  readonly folder: string;
  readonly url: string;
  /** When each answer was given. */
  readonly answers: readonly number[];
}

async function withServer<Result>(milliseconds: number, action: (served: Served) => Promise<Result>): Promise<Result> {
  const answers: number[] = [];
  await using server = await slowServer(async () => {
    await wait(milliseconds);
    answers.push(performance.now());
    return 0;
  });
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-bench-"));
  try {
    return await action({ folder, url: server.url, answers });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Twelve points of so many problems each. @returns the store */
function setDown(folder: string, url: string, limit: number): string {
  const store = join(folder, "run");
  const served = ["--runtime-url", url, "--runtime-model", "{name}", "--limit", String(limit)];
  execFileSync(process.execPath, [...MAIN, "plan", "sweeps/pocket.yaml", ...served, "--store", "--out", store], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return store;
}

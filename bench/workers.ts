import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, print } from "./bench.ts";
import { countOf, countsOf } from "./flag-values.ts";
import { simulateSharing } from "./workers/share-out.ts";
import { countStoreCalls, measureSpeedUp } from "./workers/shared-store.ts";

const HELP = `npm run bench workers [-- --workers 1,2 --rounds N --shared]

The pocket sweep, from the command to its report, with one process and with several.

  --workers  numbers of processes  [1,2; with --shared 1,2,4,8]
  --rounds   of each; the best counts  [3]
  --shared   workers on one store instead: their share of a server's possible answers, their calls on the store's files
             (counted by strace), and how long a simulated cluster takes
`;

const root = join(import.meta.dirname, "..");

/** Prints the times of sweeps, or with `--shared` what workers get of one store. */
async function benchWorkers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      workers: { type: "string" },
      rounds: { type: "string", default: "3" },
      shared: { type: "boolean", default: false },
    },
  });
  if (values.shared) return await benchShared(countsOf("workers", values.workers ?? "1,2,4,8"));
  const counts = countsOf("workers", values.workers ?? "1,2");
  const rounds = countOf("rounds", values.rounds);
  const best = new Map<number, number>();
  process.stdout.write(`load at the start: ${loadavg()[0]?.toFixed(1)}\n`);
  for (let round = 0; round < rounds; round++) {
    for (const workers of counts) {
      const seconds = await timeSweep(workers);
      process.stdout.write(`round ${round + 1}: ${workers} workers: ${seconds.toFixed(1)} s\n`);
      best.set(workers, Math.min(seconds, best.get(workers) ?? Number.POSITIVE_INFINITY));
    }
  }
  const first = best.get(counts[0] ?? 1) ?? Number.NaN;
  for (const [workers, seconds] of best) {
    process.stdout.write(
      `${workers} workers: ${seconds.toFixed(1)} s, ${(first / seconds).toFixed(2)} times as fast as ${counts[0]}\n`,
    );
  }
}

const ANSWER_MILLISECONDS = 500;
/** Answers that each worker has one after the other: the last block of a worker is then a small part. */
const ANSWER_ROUNDS = 60;

async function benchShared(counts: readonly number[]): Promise<void> {
  for (const joining of [0, 60]) {
    const { blocks, makespan, bound } = simulateSharing(64, 16, joining, 1);
    const hours = (makespan / 3600).toFixed(2);
    print(
      `${blocks} blocks on 64 workers, ${joining} s to join a point: ${hours} h, ${(makespan / bound).toFixed(3)} of the bound`,
    );
  }
  const calls = [...(await countStoreCalls(100))].toSorted(([, a], [, b]) => b - a);
  const all = calls.reduce((sum, [, count]) => sum + count, 0);
  print(
    `calls on the store a completion: ${all.toFixed(2)} (${calls.map(([name, count]) => `${name} ${count.toFixed(2)}`).join(", ")})`,
  );
  let first: number | undefined;
  for (const workers of counts) {
    const part = await measureSpeedUp(workers, ANSWER_MILLISECONDS, ANSWER_ROUNDS);
    first ??= part;
    print(
      `${workers} workers: ${part.toFixed(3)} of the answers that they could get, ${(part / first).toFixed(3)} of ${counts[0]}'s`,
    );
  }
}

async function timeSweep(workers: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-bench-"));
  try {
    const started = performance.now();
    const places = ["--out", join(folder, "run"), "--report", join(folder, "report"), "--quiet"];
    const command = ["--import", "tsx", "src/cli/main.ts", "run", "sweeps/pocket.yaml", "--workers", String(workers)];
    const child = spawn(process.execPath, [...command, ...places], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`The sweep ended with exit code ${code}`);
    return (performance.now() - started) / 1000;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const workers: Bench = { help: HELP, run: benchWorkers };

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countOf, countsOf } from "./flag-values.ts";

const root = join(import.meta.dirname, "..");

/**
 * `npm run bench workers`: the pocket sweep, from the command to its report, with one process and with several.
 *
 * `--workers 1,2 --rounds 3` are the defaults. The best round of each counts: whatever else runs only makes one slower.
 */
export async function benchWorkers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { workers: { type: "string", default: "1,2" }, rounds: { type: "string", default: "3" } },
  });
  const counts = countsOf("workers", values.workers);
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

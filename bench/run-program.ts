import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What a finished process has used, in seconds and megabytes. */
export interface Run {
  readonly wall: number;
  readonly user: number;
  readonly system: number;
  readonly peakMegabytes: number;
}

/** Imported before a program: at its end, writes down what the process has used. Plain JavaScript, as threads import it, too. */
const REPORT_USAGE = `
  import { writeFileSync } from "node:fs";
  import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { user: userCPUTime / 1e6, system: systemCPUTime / 1e6, peakMegabytes: maxRSS / 1024 };
    writeFileSync(process.env.BENCH_USAGE, JSON.stringify(usage));
  });
`;

/** Runs a program of this project, named relative to this folder: TypeScript through tsx, JavaScript as it is. */
export async function runProgram(program: string, ...args: readonly string[]): Promise<{ usage: Run; output: string }> {
  const report = join(tmpdir(), `mergesweep-usage.${process.pid}.json`);
  const preload = `data:text/javascript,${encodeURIComponent(REPORT_USAGE)}`;
  const loader = program.endsWith(".ts") ? ["--import", "tsx"] : [];
  const nodeArgs = [...loader, "--import", preload, fileURLToPath(new URL(program, import.meta.url)), ...args];
  const start = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, nodeArgs, {
    env: { ...process.env, BENCH_USAGE: report },
  });
  const wall = (performance.now() - start) / 1000;
  const usage: Run = { wall, ...JSON.parse(readFileSync(report, "utf8")) };
  rmSync(report);
  return { usage, output: stdout };
}

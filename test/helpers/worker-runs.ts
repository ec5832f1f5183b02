import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findWorkers, LEASES_FOLDER, listLeaseFolder, readHolder } from "../../src/runs/leases/lease-files.ts";
import type { CompletionsServer } from "./models/completions-server.ts";
import { timesAsked } from "./models/slow-server.ts";
import { cli } from "./run-cli.ts";
import { projectRoot } from "./shared.ts";

/** Completions that a worker of these tests has in flight. */
export const SEQUENCES = 4;

/** Completions of a point that are asked for again when it is done: a server need not repeat itself. */
const REPEATED = 4;

/** Three points of the pocket sweep, answered by a server, in stores of one folder. */
export class WorkerRuns {
  readonly folder: string;
  readonly limit: number;
  readonly #server: CompletionsServer;

  constructor(folder: string, server: CompletionsServer, limit: number) {
    this.folder = folder;
    this.#server = server;
    this.limit = limit;
  }

  store(name: string): string {
    return join(this.folder, name);
  }

  #asked(name: string): string[] {
    const choice = ["--only", "w=0", "--only", "w=0.5", "--limit", String(this.limit)];
    const server = ["--runtime-url", this.#server.url, "--runtime-model", "{name}"];
    return [join(projectRoot, "sweeps/pocket.yaml"), ...choice, ...server, "--out", this.store(name)];
  }

  /** By one process. */
  async plain(name: string): Promise<void> {
    const places = ["--sequences", String(SEQUENCES), "--report", this.store(`${name}-report`)];
    await succeed(["run", ...this.#asked(name), ...places]);
  }

  async setDown(name: string): Promise<void> {
    await succeed(["plan", ...this.#asked(name), "--store"]);
  }

  /** What starts a worker, as arguments of node. */
  command(store: string, ...flags: readonly string[]): string[] {
    const program = ["--import", "tsx", join(projectRoot, "src/cli/main.ts"), "worker", store];
    return [...program, "--sequences", String(SEQUENCES), ...flags];
  }

  start(store: string, ...flags: readonly string[]): StartedWorker {
    return startProcess(process.execPath, this.command(store, ...flags));
  }

  async report(name: string): Promise<void> {
    await succeed(["report", this.store(name), "--out", this.store(`${name}-report`)]);
  }

  reportFiles(name: string): Promise<Record<string, string>> {
    return reportTexts(this.store(`${name}-report`));
  }

  /** How many questions were asked again, beyond the check of each point, since the server had been asked so many. */
  askedAgain(since: number): number {
    const times = timesAsked(this.#server.asked.slice(since));
    if (times.size !== 3 * this.limit) throw new Error(`Of ${3 * this.limit} questions ${times.size} were asked`);
    const again = [...times.values()].reduce((sum, count) => sum + count - 1, 0);
    return Math.max(0, again - 3 * REPEATED);
  }
}

/** Every file of a report that is a table or a text. */
export async function reportTexts(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).filter((file) => /\.(csv|json|md)$/.test(file)).toSorted();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")] as const)),
  );
}

async function succeed(args: readonly string[]): Promise<void> {
  const { code, stderr } = await cli(args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}`);
}

export interface StartedWorker {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** What it has written to stderr. */
  readonly said: () => string;
}

/** Starts a process in a group of its own. */
export function startProcess(command: string, args: readonly string[]): StartedWorker {
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { ...process.env, CI: "1" },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  return { child, ended: once(child, "exit").then(() => child.exitCode), said: () => said };
}

/** Kills a process and all of its group. */
export function killGroup({ child }: Pick<StartedWorker, "child">): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, "SIGKILL");
}

/** Which workers of a store hold leases on parts of units. */
export async function workersAtWork(store: string): Promise<string[]> {
  const folder = join(store, LEASES_FOLDER);
  const names = await listLeaseFolder(folder);
  const living = (await findWorkers(folder, names)).flatMap(({ holder }) => holder?.worker ?? []);
  const holders = names.flatMap((name) => (/^lease\..*:block-/.test(name) ? [readHolder(join(folder, name))] : []));
  const holding = new Set((await Promise.all(holders)).map((holder) => holder?.worker));
  return living.filter((worker) => holding.has(worker));
}

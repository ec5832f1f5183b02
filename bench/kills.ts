import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sha256 } from "../src/base/digest.ts";
import { deriveSeed, seededRandom } from "../src/base/random.ts";
import { livingInGroup } from "../test/helpers/processes.ts";
import { type Bench, print } from "./bench.ts";
import { countOf } from "./flag-values.ts";

const HELP = `npm run bench kills [-- --kills N --seed N --limit N]

Runs three points of the pocket sweep again and again, ends the process by kill -9 at a random moment, goes on, and checks after
every kill that no stored completion was lost or changed and that no process is left; at the end of each run, that its report is
that of an undisturbed one, byte for byte. Exit code 1 if anything is not.

  --kills  at least so many          [100]
  --seed   of the moments            [1]
  --limit  problems a point          [60]
`;

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** How long processes may take to notice that their parent is gone. */
const ORPHAN_MILLISECONDS = 5000;

/** Kills a sweep many times, and counts what was lost, changed or left behind. */
async function benchKills(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      limit: { type: "string", default: "60" },
    },
  });
  const kills = countOf("kills", values.kills);
  const seed = countOf("seed", values.seed, 0);
  const limit = countOf("limit", values.limit);
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-kills-"));
  const found = { kills: 0, runs: 0, lost: 0, changed: 0, orphans: 0, reports: 0 };
  try {
    const sweep = new KilledSweep(folder, limit);
    const start = performance.now();
    await sweep.finish("whole");
    const longest = performance.now() - start;
    const wanted = await reportDigest(join(folder, "whole-report"));
    const random = seededRandom(deriveSeed("kills", String(seed)));
    while (found.kills < kills) {
      const name = `run${found.runs++}`;
      while (await sweep.killAfter(name, random() * longest, found)) {
        if (found.kills % 10 === 0) print(`${found.kills} kills, ${found.runs} runs`);
      }
      if ((await reportDigest(join(folder, `${name}-report`))) !== wanted) found.reports++;
      await rm(join(folder, name), { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  print(
    `${found.kills} kills in ${found.runs} runs: ${found.lost} completions lost, ${found.changed} changed, ${found.orphans} processes left, ${found.reports} reports that differ`,
  );
  if (found.lost + found.changed + found.orphans + found.reports > 0) process.exitCode = 1;
}

type Counts = Record<"kills" | "lost" | "changed" | "orphans", number>;

class KilledSweep {
  readonly #folder: string;
  readonly #args: readonly string[];

  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#args = ["--only", "w=0", "--only", "w=0.5", "--only", "w=1", "--limit", String(limit)];
  }

  #start(name: string): ReturnType<typeof spawn> {
    const places = ["--out", join(this.#folder, name), "--report", join(this.#folder, `${name}-report`)];
    const program = ["--import", "tsx", "src/cli/main.ts", "run", "sweeps/pocket.yaml", ...this.#args, ...places];
    return spawn(process.execPath, program, { cwd: PROJECT, stdio: "ignore", detached: true });
  }

  /** Runs to the end. */
  async finish(name: string): Promise<void> {
    const [code] = await once(this.#start(name), "exit");
    if (code !== 0) throw new Error(`Expected the sweep to end with exit code 0, found ${String(code)}`);
  }

  /** @returns whether it was killed before its end */
  async killAfter(name: string, milliseconds: number, counts: Counts): Promise<boolean> {
    const before = await this.#completions(name);
    const child = this.#start(name);
    const exit = once(child, "exit");
    const ended = await Promise.race([exit.then(() => true), wait(milliseconds, false)]);
    if (!ended) {
      // The main process alone: those that it started have to notice.
      child.kill("SIGKILL");
      await exit;
    }
    const killed = child.signalCode === "SIGKILL";
    if (killed) counts.kills++;
    else if (child.exitCode !== 0) throw new Error(`Expected exit code 0, found ${child.exitCode}`);
    counts.orphans += await orphansOf(child.pid);
    const after = await this.#completions(name);
    for (const [key, text] of before) {
      if (!after.has(key)) counts.lost++;
      else if (after.get(key) !== text) counts.changed++;
    }
    return killed;
  }

  /** Every whole line that is stored, by its attempt. */
  async #completions(name: string): Promise<Map<string, string>> {
    const units = join(this.#folder, name, "units");
    const stored = new Map<string, string>();
    for (const unit of await readdir(units).catch(() => [])) {
      const text = await readFile(join(units, unit, "samples.jsonl"), "utf8").catch(() => "");
      for (const line of text.split("\n").slice(0, -1)) {
        const { benchmark, sample, attempt }: Record<string, unknown> = JSON.parse(line);
        stored.set(JSON.stringify([unit, benchmark, sample, attempt]), line);
      }
    }
    return stored;
  }
}

/** Processes of the group that are still there after the time in which they have to notice; they are ended. */
async function orphansOf(group: number | undefined): Promise<number> {
  const end = performance.now() + ORPHAN_MILLISECONDS;
  while (livingInGroup(group).length > 0 && performance.now() < end) await wait(50);
  const left = livingInGroup(group).length;
  if (left > 0 && group !== undefined) process.kill(-group, "SIGKILL");
  return left;
}

async function reportDigest(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => /\.(csv|json|md)$/.test(name)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return sha256(JSON.stringify(files.map((file, i) => [file, texts[i]])));
}

export const kills: Bench = { help: HELP, run: benchKills };

import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../src/base/errors.ts";
import { deriveSeed, seededRandom } from "../src/base/random.ts";
import { forkModule } from "../src/base/threads/fork-module.ts";
import type { Bench } from "./bench.ts";
import { countOf } from "./flag-values.ts";
import { type FuzzReply, type FuzzRequest, type FuzzTarget, HANG_MILLISECONDS } from "./fuzz/fuzz-target.ts";
import { mutateInput } from "./fuzz/mutate-input.ts";
import { TARGETS } from "./fuzz/targets.ts";

/** A reader that says nothing for so long is ended: ten times what counts as a hang, for machines that have other work. */
const GIVE_UP_MILLISECONDS = 10 * HANG_MILLISECONDS;
const MAX_MEGABYTES = 1000;

const HELP = `npm run bench fuzz [-- --only NAME --inputs N --seed N --keep DIR]

Changes good inputs at random and gives each to the reader that it is for, in a process of its own. What a reader throws must be
an error that says what to do; none may take ${HANG_MILLISECONDS} ms of CPU time, and no process ${MAX_MEGABYTES} MB.

  --only    one target: ${TARGETS.map((target) => target.name).join(", ")}
  --inputs  of each target  [${TARGETS.map((target) => `${target.name} ${target.inputs}`).join(", ")}]
  --seed    of the changes; the same seed, the same inputs  [1]
  --keep    a folder for the inputs that fail  [in ${tmpdir()}]
`;

interface Failure {
  readonly index: number;
  readonly what: string;
}

interface Tally {
  readonly failures: Failure[];
  slowest: number;
  megabytes: number;
}

/** Prints a line a target, and every input that crashes or hangs its reader; sets the exit code if there is one. */
async function benchFuzz(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      inputs: { type: "string" },
      seed: { type: "string", default: "1" },
      keep: { type: "string", default: join(tmpdir(), "mergesweep-fuzz-failures") },
    },
  });
  const targets = TARGETS.filter((target) => values.only === undefined || target.name === values.only);
  if (targets.length === 0)
    throw new UsageError(
      `--only: expected one of ${TARGETS.map((target) => target.name).join(", ")}, found "${values.only}"`,
    );
  const seed = countOf("seed", values.seed, 0);
  const wanted = values.inputs === undefined ? undefined : countOf("inputs", values.inputs);
  let failures = 0;
  print("target        inputs  crashes  hangs  slowest ms   MB\n");
  for (const target of targets) {
    const inputs = wanted ?? target.inputs;
    const tally = await fuzzTarget(target, seed, inputs);
    const hangs = tally.failures.filter(({ what }) => what.startsWith("hang")).length;
    const cells = [inputs, tally.failures.length - hangs, hangs, tally.slowest, Math.round(tally.megabytes)];
    const [first, second, third, fourth, fifth] = cells.map(String);
    print(
      `${target.name.padEnd(12)}${first?.padStart(8)}${second?.padStart(9)}${third?.padStart(7)}${fourth?.padStart(12)}${fifth?.padStart(5)}\n`,
    );
    for (const { index, what } of tally.failures.slice(0, 20))
      print(`  ${await keep(target, index, seed, values.keep)}: ${what}\n`);
    failures += tally.failures.length;
    if (tally.megabytes > MAX_MEGABYTES) {
      failures++;
      print(`  expected at most ${MAX_MEGABYTES} MB, found ${Math.round(tally.megabytes)}\n`);
    }
  }
  if (failures > 0) process.exitCode = 1;
}

async function fuzzTarget(target: FuzzTarget, seed: number, inputs: number): Promise<Tally> {
  const tally: Tally = { failures: [], slowest: 0, megabytes: 0 };
  for (let from = 0; from < inputs; ) from = await readInputs({ target: target.name, seed, from, to: inputs }, tally);
  return tally;
}

/** Lets a process read inputs; returns the number of the next one, where the process ended or was ended. */
async function readInputs(request: FuzzRequest, tally: Tally): Promise<number> {
  const child = forkModule("./fuzz/fuzz-child", import.meta.url, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let at = request.from;
  let reading = false;
  let watch: NodeJS.Timeout | undefined;
  let killed = false;
  child.on("message", ({ index, begun, crash, milliseconds = 0, megabytes = 0 }: FuzzReply) => {
    clearTimeout(watch);
    at = index;
    reading = begun === true;
    if (reading) {
      watch = setTimeout(() => {
        killed = true;
        child.kill("SIGKILL");
      }, GIVE_UP_MILLISECONDS);
      return;
    }
    at = index + 1;
    tally.slowest = Math.max(tally.slowest, milliseconds);
    tally.megabytes = Math.max(tally.megabytes, megabytes);
    if (crash !== undefined) tally.failures.push({ index, what: crash.split("\n").slice(0, 4).join(" | ") });
    else if (milliseconds > HANG_MILLISECONDS) tally.failures.push({ index, what: `hang: ${milliseconds} ms` });
  });
  child.send(request);
  const [code, signal] = await once(child, "exit");
  clearTimeout(watch);
  if (at >= request.to) return request.to;
  if (!reading) throw new Error(`The process that reads ${request.target} ended before it began (${code ?? signal})`);
  tally.failures.push({ index: at, what: killed ? "hang: ended" : `the process ended with ${code ?? signal}` });
  return at + 1;
}

/** Stores an input that failed, and says where. */
async function keep(target: FuzzTarget, index: number, seed: number, folder: string): Promise<string> {
  const random = seededRandom(deriveSeed("fuzz", target.name, seed, index));
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${target.name}-${seed}-${index}`);
  await writeFile(path, mutateInput(await target.seeds(), random));
  return path;
}

function print(text: string): void {
  process.stdout.write(text);
}

export const fuzz: Bench = { help: HELP, run: benchFuzz };

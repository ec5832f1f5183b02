import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, print } from "./bench.ts";
import { countOf } from "./flag-values.ts";
import { DISTILL_1_5B, makeRandomCheckpoint, SMALL } from "./merge/random-checkpoint.ts";
import { type Run, runProgram } from "./run-program.ts";

const HELP = `npm run bench merge [-- --size full|small --rounds N --folder DIR]

A linear merge of two random BF16 checkpoints in a fresh process, beside copies of as many bytes.

  --size    full: the 1.5B shape; small: a minute  [full]
  --rounds  of each, in turns; the median counts  [5]
  --folder  where the checkpoints are kept for the next time  [the system's temporary folder]
`;

/** A point of a sweep: milliseconds to plan it, seconds to merge it, seconds of CPU for both. */
interface Point {
  readonly plan: number;
  readonly merge: number;
  readonly cpu: number;
}

/** Merges and copies in turns, and prints the median of each. The checkpoints stay in their folder. */
async function benchMerge(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: "string", default: "full" },
      rounds: { type: "string", default: "5" },
      folder: { type: "string", default: join(tmpdir(), "mergesweep-bench") },
    },
  });
  const { size, folder } = values;
  const rounds = countOf("rounds", values.rounds);
  mkdirSync(folder, { recursive: true });
  const models = [1, 2].map((seed) => join(folder, `${size}-${seed}`));
  for (const [index, model] of models.entries()) {
    await makeRandomCheckpoint(model, size === "small" ? SMALL : DISTILL_1_5B, index + 1);
  }
  const out = join(folder, `out.${process.pid}`);
  const config = join(folder, `merge.${process.pid}.yml`);
  writeFileSync(config, recipeOf(models));
  const [a = "", b = ""] = models.map((model) => join(model, "model.safetensors"));
  const bytes = statSync(a).size;
  const merges: Run[] = [];
  const plain: number[] = [];
  const piped: number[] = [];
  const direct: number[] = [];
  let points: Point[];
  try {
    shell('cat "$1" "$2" > /dev/null', a, b);
    const contestants = [
      async () => merges.push((await runProgram("../src/cli/main.ts", "merge", config, out)).usage),
      () => plain.push(shell('cat "$1" > /dev/null; cat "$2" > "$3"', a, b, out)),
      () => direct.push(shell('cat "$1" > /dev/null; dd if="$2" of="$3" bs=1M oflag=direct 2> /dev/null', a, b, out)),
      () => piped.push(shell('cat "$1" "$2" | tail -c "$4" > "$3"', a, b, out, String(bytes))),
    ];
    for (let round = 0; round < rounds; round++) {
      // Each comes after each of the others: a machine may have to fetch what the one before it gave back.
      for (let turn = 0; turn < contestants.length; turn++) {
        await contestants[(round + turn) % contestants.length]?.();
        rmSync(out, { recursive: true });
      }
    }
    points = JSON.parse((await runProgram("./merge/points-child.ts", out, ...models)).output);
  } finally {
    rmSync(out, { recursive: true, force: true });
    rmSync(config, { force: true });
  }
  printTable(bytes, merges, { piped: median(piped), plain: median(plain), direct: median(direct) }, points);
}

function printTable(
  bytes: number,
  merges: readonly Run[],
  copies: { readonly piped: number; readonly plain: number; readonly direct: number },
  points: readonly Point[],
): void {
  const wall = median(merges.map((merge) => merge.wall));
  const copy = (name: string, seconds: number): string =>
    `${name.padEnd(46)}${seconds.toFixed(2).padStart(7)}${(wall / seconds).toFixed(2).padStart(9)}`;
  const cpu = (["user", "system"] as const).map((kind) => median(merges.map((merge) => merge[kind])).toFixed(2));
  const peak = Math.max(...merges.map(({ peakMegabytes }) => peakMegabytes));
  print(`Linear 0.1/0.9 merge of two BF16 checkpoints of ${(bytes / 1e9).toFixed(2)} GB to disk`);
  print(
    `Median of ${merges.length} rounds, load ${loadavg()[0]?.toFixed(1)} at the end; other work on the machine shows in all figures but CPU time\n`,
  );
  print(`${"".padEnd(46)} wall s  merge/this  CPU s (user + sys)  peak MB`);
  print(
    `${"ours: mergesweep merge, a fresh process".padEnd(46)}${wall.toFixed(2).padStart(7)}${"1.00".padStart(9)}` +
      `${cpu.join(" + ").padStart(20)}${peak.toFixed(0).padStart(9)}`,
  );
  print(copy("copy limit: cat A B | tail -c N > OUT", copies.piped));
  print(copy("copy without a pipe: cat A; cat B > OUT", copies.plain));
  print(copy("copy past the page cache: cat A; dd B, direct", copies.direct));
  print("\nPoints of a sweep, in one process          plan ms  merge s    CPU s");
  for (const [index, point] of points.entries()) {
    const numbers = [point.plan.toFixed(1), point.merge.toFixed(2), point.cpu.toFixed(2)];
    print(
      (index === 0 ? "first, with opening the checkpoints" : "one more").padEnd(41) +
        numbers.map((n) => n.padStart(9)).join(""),
    );
  }
}

function recipeOf(models: readonly string[]): string {
  const sources = models.map(
    (model, index) => `  - { model: ${JSON.stringify(model)}, parameters: { weight: ${[0.1, 0.9][index]} } }`,
  );
  return `merge_method: linear\nmodels:\n${sources.join("\n")}\ndtype: bfloat16\n`;
}

/** @returns wall seconds */
function shell(command: string, ...args: readonly string[]): number {
  const start = performance.now();
  execFileSync("sh", ["-c", command, "sh", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1] ?? 0;
}

export const merge: Bench = { help: HELP, run: benchMerge };

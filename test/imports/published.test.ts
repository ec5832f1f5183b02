import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parseCsv } from "../../src/benchmarks/parse-csv.ts";
import { type Judgement, judge } from "../../src/findings/judge.ts";
import { readRun } from "../../src/runs/read-run.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";

/** Accuracy in percent of each point, over all seeds: what its authors published, a benchmark a column, and the mean of all. */
const PUBLISHED: Readonly<Record<string, readonly number[]>> = {
  "w=0": [31.7, 22.0, 72.5, 84.5, 28.3, 52.9, 48.65],
  "w=0.1": [31.7, 20.3, 73.2, 84.7, 29.3, 52.4, 48.61],
  "w=0.3": [30.7, 22.3, 73.3, 85.1, 30.6, 51.0, 48.83],
  "w=0.5": [29.7, 25.3, 73.2, 85.1, 29.2, 51.5, 48.99],
  "w=0.7": [26.7, 23.7, 70.2, 84.7, 27.0, 51.6, 47.31],
  "w=0.9": [28.7, 21.7, 72.5, 83.3, 29.3, 52.7, 48.01],
  "w=1": [26.0, 22.3, 71.0, 83.8, 29.4, 50.7, 47.21],
  "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": [31.3, 23.3, 73.5, 85.4, 29.0, 52.2, 49.1],
};

function near(value: number): unknown {
  return expect.toSatisfy((other: number) => Math.abs(other - value) <= 0.0501);
}

let folder: string;
let judgement: Judgement;
beforeAll(async () => {
  folder = scratchFolder();
  const readme = await readFile(join(projectRoot, "published/README.md"), "utf8");
  // The command that the documentation shows.
  const [, command = ""] = /mergesweep -- (import [\s\S]*?) --out/.exec(readme) ?? [];
  const words = Array.from(command.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
  const args = words
    .filter((word) => word !== "\\")
    .map((word) => word.replace(/^published/, join(projectRoot, "published")));
  const { code, stderr } = await cli([...args, "--out", join(folder, "published-len-fmt")]);
  if (code !== 0) throw new Error(stderr);
  judgement = judge(await readRun(join(folder, "published-len-fmt")));
}, 60_000);

it("the published sweep has the published numbers, to a tenth of a point", () => {
  const found = Object.fromEntries(
    Object.keys(PUBLISHED).map((name) => {
      const rows = judgement.rows.filter(({ point }) => point === name);
      const mean = judgement.averages.find(({ point, measure }) => point === name && measure === "accuracy");
      return [name, [...rows.map(({ accuracy }) => 100 * (accuracy.value ?? 0)), 100 * (mean?.macro.value ?? 0)]];
    }),
  );
  const wanted = Object.entries(PUBLISHED).map(([name, values]) => [name, values.map((value) => near(value))]);
  expect(found).toEqual(Object.fromEntries(wanted));
});

it("its report claims no more than these data allow, and names the copies", () => {
  const [decision] = judgement.decisions;
  expect(decision).toMatchObject({
    point: null,
    confident: false,
    useful: "w=0.5",
    objective: { maximise: "accuracy" },
  });
  expect(decision?.text).toMatch(/^39 runs of each point over the same questions cannot tell/);
  expect(decision?.text).toContain("Whether this holds for other questions cannot be told");
  const said = judgement.claims.filter(({ shown }) => shown).map(({ text }) => text);
  expect(said.filter((text) => text.startsWith("The same numbers in every run"))).toHaveLength(4);
  expect(said.join("\n")).toContain(
    "binary_accfmt_MRL4096_ROLLOUT4_LR1e-6_step50, expert_fmt_MRL4096_ROLLOUT4_LR1e-6_step50",
  );
  expect(said.join("\n")).toMatch(/none of the 18 pairs that were compared can be told apart/);
  expect(judgement.claims.filter(({ p_adjusted: p }) => p !== null && p < 0.05)).toEqual([]);
});

it("the committed report is the one of these numbers", async () => {
  const path = join(projectRoot, "reports/published-len-fmt/summary.csv");
  const committed = parseCsv(await readFile(path, "utf8"), path).map((row) => [row.point, row.benchmark, row.accuracy]);
  const rows = judgement.rows.map(({ point, benchmark, accuracy }) => [point, benchmark, accuracy.value?.toFixed(6)]);
  expect(committed.map(([point, benchmark, value]) => [point, benchmark, Number(value).toFixed(6)])).toEqual(rows);
});

const runs = sharedPath("published/zhikaili1150_sober-reasoning_runs.csv");
it.skipIf(runs === undefined)("the committed table is a part of the published one", async () => {
  const all = parseCsv(await readFile(runs ?? "", "utf8"), runs ?? "");
  const known = new Set(
    all.map(
      ({ folder: where = "", model, task, n, seed, acc }) =>
        `${where.includes("MRL8k") ? `MRL8k_ROLLOUT8/${where.split("/").at(-1)}` : where.includes("linear_results") ? where.split("/").at(-1) : model} ${task} ${n} ${seed} ${acc}`,
    ),
  );
  const path = join(projectRoot, "published/len-fmt-runs.csv");
  const own = parseCsv(await readFile(path, "utf8"), path);
  expect(own).toHaveLength(585);
  expect(
    own.filter(
      ({ model, benchmark, n, seed, accuracy }) => !known.has(`${model} ${benchmark} ${n} ${seed} ${accuracy}`),
    ),
  ).toEqual([]);
});

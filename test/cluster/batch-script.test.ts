import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { type BatchPlan, reportScript, workerScript } from "../../src/cluster/batch-script.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";

let folder: string;
beforeAll(() => {
  folder = scratchFolder();
});

function plan(changes: Partial<BatchPlan> = {}): BatchPlan {
  return {
    run: join(folder, "it's a run"),
    folder: join(folder, "it's a run/slurm/1"),
    workingFolder: folder,
    worker: ["node", "main.js", "worker", join(folder, "it's a run")],
    report: ["node", "main.js", "report", join(folder, "it's a run")],
    tasks: 3,
    gpus: "0",
    settings: { sbatch: [] },
    ...changes,
  };
}

const directivesOf = (script: string): string[] => script.split("\n").filter((line) => line.startsWith("#SBATCH"));
const directive = (script: string, flag: string): string | undefined =>
  directivesOf(script)
    .find((line) => line.startsWith(`#SBATCH --${flag}=`))
    ?.slice(`#SBATCH --${flag}=`.length);

describe("the batch script of a worker", () => {
  it("asks for what the settings say, and for nothing else", () => {
    const bare = workerScript(plan());
    for (const flag of ["gres", "cpus-per-task", "mem", "time", "partition", "account", "constraint"]) {
      expect(directive(bare, flag)).toBeUndefined();
    }
    expect(directive(bare, "array")).toBe("0-2");
    const settings = {
      max_parallel: 2,
      cpus_per_task: 4,
      mem: "16G",
      time: "4:00:00",
      partition: "gpu",
      account: "lab",
      constraint: "a100|h100",
      sbatch: ["--qos=long", "--comment=two words"],
    };
    const full = workerScript(plan({ settings, gpus: "a100:2" }));
    expect(directivesOf(full)).toEqual(
      expect.arrayContaining([
        "#SBATCH --array=0-2%2",
        "#SBATCH --gres=gpu:a100:2",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=16G",
        "#SBATCH --time=4:00:00",
        "#SBATCH --partition=gpu",
        "#SBATCH --account=lab",
        "#SBATCH --constraint=a100|h100",
      ]),
    );
    // Later flags win: those of the person come last.
    expect(directivesOf(full).at(-1)).toBe('#SBATCH --qos=long "--comment=two words"');
    // The report needs no node of that kind.
    expect(directivesOf(reportScript(plan({ settings, gpus: "2" }))).join(" ")).not.toMatch(
      /gres|constraint|mem|array/,
    );
  });

  it.each([
    [undefined, 120],
    ["90", 120],
    ["5", 60],
    ["5:30", 66],
    ["0:05:00", 60],
    ["1-0", 120],
    ["0-0:05", 60],
  ])("of a time limit of %s is told in time: %i seconds before", (time, seconds) => {
    const script = workerScript(plan({ settings: { sbatch: [], ...(time === undefined ? {} : { time }) } }));
    expect(directive(script, "signal")).toBe(`B:USR1@${seconds}`);
  });

  it("puts no path and no flag of a person where a shell or Slurm would read it as something else", async () => {
    const command = ["sh", "-c", 'printf %s "$1" >out', "sh", "it's $(touch pwned) `here`"];
    const place = join(folder, "a b");
    await mkdir(place);
    await writeFile(join(place, "worker.sh"), workerScript(plan({ worker: command, folder: place })));
    execFileSync("bash", ["worker.sh"], { cwd: place });
    expect(await readFile(join(place, "out"), "utf8")).toBe("it's $(touch pwned) `here`");
    const output = directive(workerScript(plan({ folder: '/data/100% "sure"/1' })), "output");
    expect(output).toBe('"/data/100%% \\"sure\\"/1/worker-%A_%a.log"');
    expect(() => workerScript(plan({ workingFolder: "/data/a\nb" }))).toThrow(
      /no paths with backslashes or line breaks/,
    );
    expect(() => workerScript(plan({ settings: { sbatch: ["--comment=a\n#SBATCH --uid=0"] } }))).toThrow(
      /without line breaks/,
    );
  });

  it("ends with the worker's own exit code, whatever signals come in between", { timeout: 120_000 }, async () => {
    const loop = "touch ready; while :; do sleep 0.1; done";
    // Near the end of its time: told to end with work left, it queues again.
    expect(await endOf(`trap 'exit 75' USR2; ${loop}`, "kill -USR1 $pid")).toEqual(["75", "requeue 7_2"]);
    // Whatever options a prelude leaves set.
    const prelude = { path: "prelude.sh", text: "set -euo pipefail\n" };
    expect(await endOf(`trap 'exit 75' USR2; ${loop}`, "kill -USR1 $pid", { prelude })).toEqual(["75", "requeue 7_2"]);
    // All is done just then: nothing to queue again for.
    expect(await endOf(`trap 'exit 0' USR2; ${loop}`, "kill -USR1 $pid")).toEqual(["0", ""]);
    // What takes longer than nine of twelve seconds is stopped in time.
    expect(await endOf(`trap '' USR2; trap 'exit 143' TERM; ${loop}`, "kill -USR1 $pid")).toEqual([
      "143",
      "requeue 7_2",
    ]);
    // Cancelled or preempted: Slurm itself says what becomes of the task.
    expect(await endOf(`trap 'exit 143' TERM; ${loop}`, "kill -TERM $pid $(pgrep -P $pid)")).toEqual(["143", ""]);
    expect(await endOf("touch ready; sleep 0.3; exit 1", ":")).toEqual(["1", ""]);
  });
});

/** @returns the exit code of a batch script around a worker, and what it asked of scontrol */
async function endOf(
  worker: string,
  signals: string,
  settings: Partial<BatchPlan["settings"]> = {},
): Promise<[code: string, asked: string]> {
  const place = await mkdtemp(join(folder, "signals-"));
  await writeFile(join(place, "scontrol"), '#!/bin/sh\necho "$@" >asked\n', { mode: 0o755 });
  const script = workerScript(
    plan({ worker: ["bash", "-c", worker], settings: { sbatch: [], time: "1:00", ...settings } }),
  );
  await writeFile(join(place, "worker.sh"), script);
  const run = `bash worker.sh & pid=$!; until [ -e ready ]; do sleep 0.05; done; ${signals}; wait $pid; echo $?`;
  const { stdout } = await promisify(execFile)("bash", ["-c", run], {
    cwd: place,
    env: { ...process.env, PATH: `${place}:${process.env.PATH}`, SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "2" },
    timeout: 60_000,
  });
  return [stdout.trim(), (await readFile(join(place, "asked"), "utf8").catch(() => "")).trim()];
}

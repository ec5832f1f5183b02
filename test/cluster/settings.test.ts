import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readAllotment } from "../../src/cluster/allotment.ts";
import { readAccounting } from "../../src/cluster/job-states.ts";
import { settleSlurm, siteFile } from "../../src/cluster/settings.ts";
import { checkSbatchFlags } from "../../src/cluster/submit.ts";
import { readSweepFile, type SweepFile } from "../../src/sweep/file/config.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  await mkdir(join(folder, "mergesweep"));
  await writeFile(join(folder, "cuda.sh"), "module load cuda\n");
  await writeFile(join(folder, "mergesweep/site.sh"), "module load site\n");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function site(text: string): Promise<void> {
  vi.stubEnv("XDG_CONFIG_HOME", folder);
  await writeFile(join(folder, "mergesweep/slurm.yaml"), text);
}

async function sweep(cluster: string): Promise<SweepFile> {
  const path = join(folder, "sweep.yaml");
  await writeFile(path, `name: x\nreferences: { base: somewhere }\nbenchmarks: [pocket-math]\n${cluster}`);
  return await readSweepFile(path);
}

describe("settings of Slurm", () => {
  it("are of the command line, then of the sweep, then of the site; flags of sbatch are of all three", async () => {
    await site("partition: cpu\naccount: lab\ntime: 4:00:00\ncpus_per_task: 2\nprelude: site.sh\nsbatch: [--qos=a]\n");
    const file = await sweep("cluster: { slurm: { partition: gpu, mem: 16G, gpus_per_task: 2, sbatch: [--qos=b] } }\n");
    const settled = await settleSlurm({ time: "90", mem: undefined, sbatch: ["--qos=c"] }, file);
    expect(settled).toEqual({
      partition: "gpu",
      account: "lab",
      time: "90",
      cpus_per_task: 2,
      mem: "16G",
      gpus_per_task: "2",
      sbatch: ["--qos=a", "--qos=b", "--qos=c"],
      prelude: { path: join(folder, "mergesweep/site.sh"), text: "module load site\n" },
    });
    const other = await settleSlurm({}, await sweep("cluster: { slurm: { prelude: cuda.sh } }\n"));
    expect(other.prelude?.text).toBe("module load cuda\n");
  });

  it("may be missing", async () => {
    vi.stubEnv("XDG_CONFIG_HOME", join(folder, "nowhere"));
    expect(await settleSlurm({}, await sweep(""))).toEqual({ sbatch: [], prelude: undefined });
    expect(siteFile({ XDG_CONFIG_HOME: "relative" })).toMatch(/\/\.config\/mergesweep\/slurm\.yaml$/);
  });

  it("that are wrong are named with their place, what was found and what was meant", async () => {
    await site("time: 4h\npartitoin: gpu\npartition: 'a b'\nprelude: gone.sh\n");
    await expect(settleSlurm({}, await sweep(""))).rejects.toThrow(
      /slurm\.yaml:1:1: time: expected a time such as 4:00:00.*, found "4h"[\s\S]*slurm\.yaml:3:1: partition: expected one word.*found "a b"[\s\S]*slurm\.yaml:2:1: unknown key "partitoin"\. Did you mean "partition"/,
    );
    await site("prelude: gone.sh\n");
    await expect(settleSlurm({}, await sweep(""))).rejects.toThrow(/Expected the prelude, .*gone\.sh/);
    await expect(sweep("cluster: { slurm: { array: 0 } }\n")).rejects.toThrow(
      /sweep\.yaml:4:21: cluster\.slurm\.array/,
    );
  });

  it("leave alone the flags of sbatch by which jobs are found and follow one another", () => {
    expect(() => checkSbatchFlags(["--qos=long", "-C", "a100", "--time-min=5"])).not.toThrow();
    for (const flag of ["--array=0-9", "-a", "--job-name=x", "-Jx", "--dependency", "--wait"]) {
      expect(() => checkSbatchFlags(["--qos=long", flag])).toThrow(
        /expected flags of sbatch other than array, job-name/,
      );
    }
  });
});

describe("a task of Slurm", () => {
  it("has the processors and GPUs that Slurm gave it, by number or by UUID", () => {
    expect(readAllotment({ CUDA_VISIBLE_DEVICES: "0,1" })).toBeUndefined();
    const job = { SLURM_JOB_ID: "7", SLURM_CPUS_ON_NODE: "4" };
    expect(readAllotment({ ...job, CUDA_VISIBLE_DEVICES: "0,1" })).toEqual({ cpus: 4, gpus: ["0", "1"] });
    expect(readAllotment({ ...job, CUDA_VISIBLE_DEVICES: "GPU-8a,MIG-3f/1/0" })?.gpus).toEqual([
      "GPU-8a",
      "MIG-3f/1/0",
    ]);
    expect(readAllotment({ ...job, CUDA_VISIBLE_DEVICES: "NoDevFiles" })?.gpus).toEqual([]);
    expect(readAllotment({ SLURM_JOB_ID: "7" })).toEqual({ cpus: undefined, gpus: [] });
  });

  it("is remembered by sacct when squeue has forgotten it", () => {
    const text =
      "12_0|COMPLETED|node1|mergesweep-x\n12_1|CANCELLED by 1000|None assigned|mergesweep-x\n13|FAILED|node2|another\n";
    expect([...readAccounting(text, "mergesweep-x")]).toEqual([
      ["12_0", { state: "COMPLETED", reason: null, node: "node1" }],
      ["12_1", { state: "CANCELLED", reason: null, node: null }],
    ]);
  });
});

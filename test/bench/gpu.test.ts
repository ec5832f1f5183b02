import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { projectRoot } from "../helpers/shared.ts";

/** `npm run bench gpu` where no card is to be seen. */
function benchGpu(...args: string[]): Promise<{ stdout: string }> {
  const program = ["--import", "tsx", join(projectRoot, "bench/main.ts"), "gpu", ...args];
  return promisify(execFile)(process.execPath, program, {
    cwd: projectRoot,
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "-1" },
  });
}

test("without a GPU the bench says so, with what llama.cpp would run on, and ends well", async () => {
  const { stdout } = await benchGpu();
  expect(stdout).toMatch(/^gpu: llama\.cpp finds no GPU here .*node-llama-cpp.*nothing is measured\n$/);
});

test("a number of sequences that is none is refused before anything is measured", async () => {
  await expect(benchGpu("--sequences", "1,many")).rejects.toMatchObject({ code: 2, stdout: "" });
});

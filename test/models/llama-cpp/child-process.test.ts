import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { EngineProcess } from "../../../src/models/llama-cpp/child-process.ts";
import { cli } from "../../helpers/run-cli.ts";

test.skipIf(process.platform !== "linux")("a process that is given a GPU sees that one only", async () => {
  const engine = new EngineProcess({ hangSeconds: 60, device: "3" });
  await engine.call("start", { gpu: false, kvType: "f16", api: "internal" });
  const environment = (await readFile(`/proc/${engine.pid}/environ`, "utf8")).split("\0");
  await engine.stop();
  expect(environment).toEqual(
    expect.arrayContaining(["CUDA_VISIBLE_DEVICES=3", "HIP_VISIBLE_DEVICES=3", "GGML_VK_VISIBLE_DEVICES=3"]),
  );
});

test.each([
  [["--devices", "0,1"], /--devices: expected --gpu with it/],
  [["--gpu", "--devices", "0,x"], /--devices: expected numbers of GPUs such as 0,1, found x/],
])("%o is refused before anything is started", async (flags, message) => {
  const { code, stderr } = await cli(["eval", "checkpoints/pocket/len", "--limit", "1", ...flags]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

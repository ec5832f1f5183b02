import { join } from "node:path";
import { expect, it } from "vitest";
import { nearFile } from "../../../src/base/files/near-file.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { projectRoot } from "../../helpers/shared.ts";

const sweeps = join(projectRoot, "sweeps");

it("a mistyped file is named with the one beside it that was probably meant", async () => {
  expect(await nearFile(join(sweeps, "poket.yaml"))).toBe(`Did you mean ${join(sweeps, "pocket.yaml")}?`);
  expect(await nearFile(join(sweeps, "something-else-entirely.txt"))).toBeUndefined();
  expect(await nearFile(join(sweeps, "nowhere/pocket.yaml"))).toBeUndefined();
  await expect(readSweepFile(join(sweeps, "poket.yaml"))).rejects.toMatchObject({
    hint: expect.stringMatching(/^Did you mean .*pocket\.yaml\?\nReady-to-run sweeps/),
  });
});

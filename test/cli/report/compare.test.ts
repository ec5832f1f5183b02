import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { type CliResult, cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const folder = scratchFolder();

function compare(...args: string[]): Promise<CliResult> {
  return cli(["compare", ...args], { createRuntime: () => Promise.reject(new Error("no model is needed")) });
}

it("two checkpoints are compared problem by problem, from their stores alone", { timeout: 120_000 }, async () => {
  for (const name of ["len", "accfmt"]) {
    const places = ["--out", join(folder, name), "--report", join(folder, "report")];
    await cli(["eval", join(projectRoot, "checkpoints/pocket", name), "--limit", "40", ...places]);
  }
  const runs = [join(folder, "accfmt"), join(folder, "len")];
  const { code, stdout } = await compare(...runs);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nlen:len +accfmt:accfmt +pocket-math +40 /);
  const [row] = JSON.parse((await compare(...runs, "--json")).stdout);
  // The length expert answers in half the tokens and does not keep the format.
  expect(row).toMatchObject({ samples: 40, format: { pAdjusted: expect.any(Number) } });
  expect(row.format.pAdjusted).toBeLessThan(0.001);
  expect(row.format.interval.high).toBeLessThan(-0.5);
  expect(row.tokens.interval.high).toBeLessThan(0.7);

  const alone = await compare(runs[0] ?? "");
  expect(alone.stderr).toMatch(/expected another run, or --points/);
  expect(alone.code).toBe(2);
  expect((await compare(runs[0] ?? "", "--points", "accfmt")).code).toBe(2);
});

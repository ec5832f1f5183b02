import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openRunStore } from "../../../src/runs/run-store.ts";
import type { ScoreRecord } from "../../../src/runs/schema.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli, spawnCli } from "../../helpers/run-cli.ts";
import { openUnit } from "../../helpers/runs/open-unit.ts";
import { syntheticRun } from "../../report/synthetic-run.ts";

describe("mergesweep report", () => {
  let folder = "";
  let run = "";
  beforeAll(async () => {
    folder = scratchFolder();
    run = join(folder, "runs/made");
    const made = syntheticRun({ samples: 12 });
    const store = await openRunStore(run, made.manifest);
    for (const { point, result, records } of made.evaluated) {
      const unit = store.unit(point.unit);
      const writer = await openUnit(store, point.unit, {
        identity: result.identity,
        parts: {},
        benchmarks: {},
        inputs: [],
      });
      await writer.close();
      const scores: ScoreRecord[] = [];
      for await (const piece of records()) scores.push(...piece);
      await unit.writeScores(scores);
      await unit.writeResult(result);
    }
    await store.close();
  });

  it("draws what is asked for, in the formats asked for", async () => {
    const out = join(folder, "vectors");
    const { code, stdout } = await cli(["report", run, "--out", out, "--format", "svg,pdf", "--pictures", "front"]);
    expect([code, stdout.split(" ")[0]]).toEqual([0, "point"]);
    const drawn = (await readdir(out)).filter((file) => /\.(svg|pdf|png)$/.test(file));
    expect(drawn.toSorted()).toEqual(["front.pdf", "front.svg"]);
  });

  it("writes all tables, names a picture that cannot be drawn, and ends with 1", async () => {
    const out = join(folder, "impossible");
    const { code, stderr } = await cli(["report", run, "--out", out, "--pictures", "front,grid-tokens"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Not drawn; the tables are complete:\n {2}grid-tokens: this run has no such picture; it has accuracy, /,
    );
    expect(await readdir(out)).toEqual(
      expect.arrayContaining(["summary.csv", "samples.csv", "front.png", "index.html"]),
    );
  });

  it.each([
    [["--pictures", "acuracy"], "--pictures: expected some of accuracy, accuracy-strict"],
    [["--format", "gif"], '--format: expected some of png, svg, pdf, found "gif"'],
    [["--width", "10"], "--width: expected one integer of at least 300"],
    [["--watch"], "--watch: expected --serve as well"],
    [["--serve", "--port", "65536"], "--port: expected one integer from 0 to 65535"],
    [["--port", "8000"], "--port: expected --serve as well"],
    [["--serve", "--watch"], "--out: cannot be combined with --watch, which writes no files"],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await cli(["report", run, "--out", join(folder, "refused"), ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await readdir(folder)).not.toContain("refused");
  });

  it.each([
    ["--format", "svg"],
    ["--width", "900"],
    ["--dpi", "96"],
    ["--theme", "dark"],
    ["--pictures", "front"],
    ["--card", "merged"],
    ["--raw-csv"],
    ["--json"],
  ])("refuses %s where it would do nothing, beside --watch", async (flag, ...value) => {
    const { code, stderr } = await cli(["report", run, "--serve", "--watch", flag, ...value]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${flag}: cannot be combined with --watch`)]);
  });

  it("refuses a model's card of other weights, and says where the digests are", async () => {
    const { code, stderr } = await cli([
      "report",
      run,
      "--out",
      join(folder, "card"),
      "--card",
      "checkpoints/pocket/len",
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected the weights of a point of pocket, found ")]);
    expect(await readdir(folder)).not.toContain("card");
  });

  it.each(["--out", "--watch"])("serves the page until Ctrl-C (%s)", { timeout: 60_000 }, async (flag) => {
    const value = flag === "--out" ? [join(folder, "served")] : [];
    const child = spawnCli(["report", run, "--serve", flag, ...value]);
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      said += piece;
    });
    const ended = once(child, "exit");
    while (!/Serving http\S+/.test(said)) {
      if (child.exitCode !== null) throw new Error(`Expected a server, found exit code ${child.exitCode}: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const url = /Serving (http\S+)/.exec(said)?.[1] ?? "";
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('id="data"')]);
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(0);
  });
});

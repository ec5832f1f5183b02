import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeLargeStore } from "../../../bench/report/large-store.ts";
import { type AttemptsByPoint, wantTexts } from "../../../src/report/page/choose-texts.ts";
import { reportUnits } from "../../../src/report/units/report-units.ts";
import { readRun } from "../../../src/runs/read-run.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { threadsFor } from "../../../src/runs/tables/unit-source.ts";
import { scoreRun } from "../../../src/sweep/run/score-run.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const root = scratchFolder();
const folder = join(root, "runs/large");
const SIZE = { points: 3, questions: 2500, attempts: 3 };

beforeAll(async () => {
  makeLargeStore(root, SIZE);
  await scoreRun(folder, root);
});

async function taken(run: StoredRun): Promise<{ csv: string; texts: AttemptsByPoint }> {
  const { samplesCsv, attempts } = reportUnits(run, wantTexts(run, 100_000), {});
  const pieces: Buffer[] = [];
  for await (const piece of samplesCsv) pieces.push(Buffer.from(piece));
  return { csv: Buffer.concat(pieces).toString(), texts: attempts };
}

describe("what a report takes from many completions", () => {
  it("is the same in threads, a thread a unit, as without", async () => {
    expect(threadsFor(SIZE.points * SIZE.questions * SIZE.attempts)).toBeGreaterThan(0);
    const run = await readRun(folder);
    expect(run.evaluated.map(({ source }) => source?.unit)).toHaveLength(SIZE.points);
    expect(run.evaluated.map(({ source }) => source?.unit)).not.toContain(undefined);
    const here = { ...run, evaluated: run.evaluated.map((unit) => ({ ...unit, source: null })) };
    const [remote, local] = [await taken(run), await taken(here)];
    expect(remote.csv.trimEnd().split("\n")).toHaveLength(1 + SIZE.points * SIZE.questions * SIZE.attempts);
    expect(remote.csv).toBe(local.csv);
    for (const own of remote.texts.values()) expect(own.size).toBeGreaterThan(0);
    expect(remote.texts).toEqual(local.texts);
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { readProtocol } from "../../../src/sweep/file/protocol.ts";
import { sweepCost } from "../../../src/sweep/plan/cost.ts";
import { readEarlierRuns } from "../../../src/sweep/plan/earlier-runs.ts";
import { planSweep, type SweepPlan } from "../../../src/sweep/plan/plan.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";

async function pocketPlan(): Promise<SweepPlan> {
  const plan = await planSweep(await readSweepFile(join(projectRoot, "sweeps/pocket-sampled.yaml")));
  await plan.close();
  return plan;
}

const PROGRESS = {
  workers: 1,
  points_done: 0,
  points_total: 8,
  samples_done: 3,
  samples_total: 16_000,
  seconds_left: null,
  working: [],
};

/** A folder of runs with one in it, whose answers have so many tokens, and whose last process worked so long and so fast. */
async function storedRuns(
  { manifest }: Pick<SweepPlan, "manifest">,
  lengths: readonly number[],
  progress: { readonly seconds: number; readonly tokens_per_second: number },
): Promise<string> {
  const runs = scratchFolder();
  const unit = join(runs, "earlier/units", manifest.points[0]?.unit ?? "");
  await mkdir(unit, { recursive: true });
  await writeFile(join(runs, "earlier/manifest.json"), JSON.stringify(manifest));
  const lines = lengths.map((tokens) => JSON.stringify({ benchmark: "pocket-math", completion_tokens: tokens }));
  await writeFile(join(unit, "samples-2.jsonl"), `${lines.join("\n")}\n`);
  await mkdir(join(runs, "earlier/leases"));
  await writeFile(join(runs, "earlier/leases/progress.a"), JSON.stringify({ ...PROGRESS, ...progress }));
  await mkdir(join(runs, "broken/units"), { recursive: true });
  await writeFile(join(runs, "broken/manifest.json"), "no JSON");
  return runs;
}

const POCKET = {
  name: "pocket-math",
  version: 1,
  data_sha256: "0".repeat(64),
  questions: 500,
  prompt: "boxed@1",
  attempts: 4,
};

describe("the cost of a sweep", () => {
  it("is its merges, bytes and completions, and unknown hours where nothing ran before", async () => {
    const plan = await pocketPlan();
    const cost = sweepCost(plan, await readEarlierRuns("/no/such/folder", () => {}));
    // Seven points and the base, 500 problems, four attempts.
    expect(cost).toMatchObject({ merges: 7, completions: 16_000, mostTokens: 16_000 * 256, tokens: null, hours: null });
    expect(cost.benchmarks).toMatchObject([{ runs: 4, length: null, lengthFrom: "unknown" }]);
    expect(cost.bytes).toBeGreaterThan(8 * 4_900_000);
  });

  it("follows the lengths and the speed of an earlier run of the same models", async () => {
    const plan = await pocketPlan();
    const notes: string[] = [];
    const runs = await storedRuns(plan, [50, 100, 150], { seconds: 30, tokens_per_second: 10 });
    const earlier = await readEarlierRuns(runs, (text) => notes.push(text));
    expect(notes).toEqual([expect.stringContaining(join(runs, "broken"))]);
    const cost = sweepCost(plan, earlier);
    expect(cost.benchmarks[0]).toMatchObject({ length: 100, lengthFrom: `as in ${join(runs, "earlier")}` });
    expect(cost.tokens).toBe(1_600_000);
    expect(cost.tokensPerSecond).toBe(10);
    expect(cost.hours).toBeCloseTo(1_600_000 / (cost.tokensPerSecond ?? 0) / 3600, 6);
    const faster = sweepCost(plan, earlier, { value: 1000, from: "as given" });
    expect(faster.hours).toBeCloseTo(0.444, 3);
  });

  it("takes no speed from other runtimes, nor from a process that did next to nothing", async () => {
    const plan = await pocketPlan();
    const speed = { seconds: 30, tokens_per_second: 10 };
    const other = { ...plan.manifest, plan: { ...plan.manifest.plan, engine: { gpu: "auto" } } };
    const onGpu = await readEarlierRuns(await storedRuns({ manifest: other }, [50], speed), () => {});
    expect(sweepCost(plan, onGpu)).toMatchObject({ tokens: 800_000, tokensPerSecond: null, hours: null });
    const short = await readEarlierRuns(await storedRuns(plan, [50], { ...speed, seconds: 2 }), () => {});
    expect(sweepCost(plan, short)).toMatchObject({ tokens: 800_000, tokensPerSecond: null });
  });

  it("follows the protocol's lengths where no earlier run has any, if answers may be as long", async () => {
    const plan = await pocketPlan();
    const protocol = {
      ...(await readProtocol("sober-reasoning", projectRoot)),
      benchmarks: [{ ...POCKET, reference_tokens: 70 }],
      generation: { max_tokens: 256 },
    };
    const following = { ...plan, sweep: { ...plan.sweep, protocol } };
    expect(sweepCost(following, [])).toMatchObject({
      tokens: 16_000 * 70,
      lengthsSource: expect.stringContaining("DLER-R1"),
    });
    expect(sweepCost(following, []).benchmarks).toMatchObject([{ length: 70, lengthFrom: "as the protocol says" }]);
    const longer = { ...plan, sweep: { ...plan.sweep, protocol: { ...protocol, generation: { max_tokens: 512 } } } };
    expect(sweepCost(longer, [])).toMatchObject({ tokens: null, lengthsSource: null });
  });

  it("says how wide intervals will be, between attempts that are independent and alike, and what can be seen", async () => {
    const [benchmark] = sweepCost(await pocketPlan(), []).benchmarks;
    // Agresti and Coull: 1.96 x root(0.25 / (n + 3.84)) with n = 2000 and 500.
    expect(benchmark?.halfWidth[0]).toBeCloseTo(0.0219, 4);
    expect(benchmark?.halfWidth[1]).toBeCloseTo(0.0437, 4);
    const [best, worst] = benchmark?.detectable ?? [];
    // (1.96 + 0.84) x root(0.2 / n) of the plain test; the real one is a little wider.
    expect(worst).toBeGreaterThan(0.056);
    expect(worst).toBeLessThan(0.065);
    expect(best).toBeLessThan(0.035);
  });
});

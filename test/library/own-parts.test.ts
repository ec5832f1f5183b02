import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  defineBenchmark,
  defineMergeMethod,
  defineScorer,
  defineSweep,
  mergeCheckpoints,
  openCheckpoint,
  planSweep,
  scoreCompletion,
  scoreRun,
  verifyCheckpoint,
} from "../../src/index.ts";
import { growManifest } from "../../src/runs/grow.ts";
import { InputFiles, unitIdentity } from "../../src/sweep/run/unit-identity.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");
const ACCFMT = join(projectRoot, "checkpoints/pocket/accfmt");

/** The first input times a factor. */
function scaled(version: number, factor: number): ReturnType<typeof defineMergeMethod> {
  return defineMergeMethod({
    name: "scaled",
    version,
    parameters: [{ name: "factor", scope: "merge", fallback: 1 }],
    merge: ([first = new Float32Array()], { parameters }) =>
      first.map((value) => value * factor * (parameters.factor ?? 1)),
  });
}

const recipe = {
  merge_method: "scaled",
  models: [{ model: LEN }, { model: ACCFMT }],
  parameters: { factor: 2 },
  dtype: "float32",
} as const;

const sums = (version: number, answer = "5"): ReturnType<typeof defineBenchmark> =>
  defineBenchmark({ name: "sums", version, problems: [{ problem: "What is 2 + 3?", answer }] });

const sweepOf = (): ReturnType<typeof defineSweep> =>
  defineSweep({ name: "own", recipe: { ...recipe }, benchmarks: ["sums"] });

const TEXT = {
  completion: "The answer is \\boxed{42}.",
  prefill: "",
  golds: ["42"],
  answer: "math",
  finishReason: "stop",
  completionTokens: 9,
  thinkingTokens: null,
} as const;

describe("a merge method of the caller's own", () => {
  let folder = "";
  beforeEach(() => {
    folder = scratchFolder();
  });

  it("makes what its function says, is named in the model card, and is verified by itself only", async () => {
    const out = join(folder, "merged");
    await mergeCheckpoints(recipe, out, { methods: [scaled(1, 0.5)] });
    expect(await readFile(join(out, "README.md"), "utf8")).toContain("scaled@1");
    const [made, source] = [await openCheckpoint(out), await openCheckpoint(LEN)];
    try {
      // 0.5 * 2 of the first: the very same values, as float32.
      const [name = ""] = made.reader.tensors.keys();
      const [ours, theirs] = [made, source].map(({ reader }) => reader.tensors.get(name));
      expect(ours?.dtype).toBe("F32");
      const [a, b] = [Buffer.alloc(8), Buffer.alloc(4)];
      await made.reader.read(name, 0, a);
      await source.reader.read(name, 0, b);
      expect(theirs?.dtype).toBe("BF16");
      expect([a.readUInt16LE(2), a.readUInt16LE(6)]).toEqual([b.readUInt16LE(0), b.readUInt16LE(2)]);
    } finally {
      await made.close();
      await source.close();
    }
    expect((await verifyCheckpoint(out, { methods: [scaled(1, 0.5)] })).identical).toBe(true);
    expect((await verifyCheckpoint(out, { methods: [scaled(2, 0.25)] })).identical).toBe(false);
    await expect(verifyCheckpoint(out)).rejects.toThrow(/expected a merge method, found "?scaled/);
  });

  it("is refused where it has a name that is taken, or gives other elements than it was asked for", async () => {
    expect(() => defineMergeMethod({ name: "linear", version: 1, merge: () => new Float32Array() })).toThrow(
      /no merge method has/,
    );
    expect(() => defineMergeMethod({ name: "mine", version: 0, merge: () => new Float32Array() })).toThrow(/above 0/);
    const short = defineMergeMethod({
      name: "scaled",
      version: 1,
      parameters: [{ name: "factor", scope: "merge", fallback: 1 }],
      merge: () => new Float32Array(1),
    });
    await expect(mergeCheckpoints(recipe, join(folder, "short"), { methods: [short] })).rejects.toThrow(
      /elements as a Float32Array/,
    );
  });
});

describe("what a run store knows of own parts", () => {
  it("names the method's version in the plan and in the identity of a unit: no store mixes two", async () => {
    await using first = await planSweep(
      await sweepOf(),
      {},
      { own: { methods: [scaled(1, 1)], benchmarks: [sums(1)] } },
    );
    await using second = await planSweep(
      await sweepOf(),
      {},
      { own: { methods: [scaled(2, 1)], benchmarks: [sums(1)] } },
    );
    const options = { folder: "runs/own", trial: false };
    expect(() => growManifest(first.manifest, second.manifest, options)).toThrow(
      /own.merge_method: "scaled@1" in the store, "scaled@2" now/,
    );
    const known = { weights: "0".repeat(64), runtime: "the same" };
    const identities = await Promise.all(
      [first, second].map(async (plan) => {
        const [unit] = plan.units;
        if (unit === undefined) throw new Error("Expected a unit");
        return (await unitIdentity(unit, plan, known, await new InputFiles().of(unit))).identity;
      }),
    );
    expect(new Set(identities).size).toBe(2);
  });

  it("refuses a benchmark of another version, other problems or another prompt", async () => {
    const plan = async (benchmark: ReturnType<typeof sums>): ReturnType<typeof planSweep> =>
      planSweep(await sweepOf(), {}, { own: { methods: [scaled(1, 1)], benchmarks: [benchmark] } });
    await using first = await plan(sums(1));
    const asked = defineBenchmark({
      name: "sums",
      version: 1,
      prompts: [{ name: "plain", user: "Now: {problem}" }],
      problems: [{ problem: "What is 2 + 3?", answer: "5" }],
    });
    for (const other of [sums(2), sums(1, "6"), asked]) {
      await using second = await plan(other);
      expect(() => growManifest(first.manifest, second.manifest, { folder: "runs/own", trial: false })).toThrow(
        /benchmarks.sums/,
      );
    }
  });

  it("refuses a benchmark with the name of another", async () => {
    const taken = defineBenchmark({ name: "pocket-math", version: 1, problems: [{ problem: "1 + 1?", answer: "2" }] });
    const sweep = await defineSweep({ name: "own", references: { len: LEN }, benchmarks: ["pocket-math"] });
    await expect(planSweep(sweep, {}, { own: { benchmarks: [taken] } })).rejects.toThrow(
      /that no other has, found "pocket-math"/,
    );
  });

  it("keeps scorers with their versions, and scores again by others only where they are at hand", async () => {
    const sweep = await defineSweep({ name: "own", references: { len: LEN }, benchmarks: ["pocket-math"] });
    const brevity = defineScorer({ name: "brevity", version: 3, score: () => 1 });
    await using plan = await planSweep(sweep, { limit: 1 }, { own: { scorers: [brevity] } });
    expect(plan.manifest.scoring).toMatchObject({ scorers: { brevity: { version: 3, grades: false } } });
    await expect(scoreRun(join(projectRoot, "no-such-run"))).rejects.toMatchObject({ code: "store" });
  });
});

describe("a scorer of the caller's own", () => {
  it("is a score beside the others", () => {
    const brevity = defineScorer({
      name: "brevity",
      version: 1,
      score: ({ completionTokens }) => 1 / completionTokens,
    });
    const score = scoreCompletion(TEXT, { scorers: [brevity] });
    expect(score.rewards).toMatchObject({ accuracy: 1, brevity: 1 / 9 });
    expect(score).toMatchObject({ accuracy: 1, accuracy_strict: 1 });
  });

  it("decides what is right where it grades; strict accuracy is not known then", () => {
    const never = defineScorer({ name: "never", version: 2, grades: true, score: () => 0 });
    expect(scoreCompletion(TEXT, { scorers: [never] })).toMatchObject({
      accuracy: 0,
      accuracy_strict: null,
      status: "wrong",
      rule: "never@2",
      rewards: { accuracy: 0 },
    });
  });

  it("is named where it fails, or gives what is no score", () => {
    const failing = defineScorer({
      name: "failing",
      version: 1,
      score: () => {
        throw new Error("no idea");
      },
    });
    expect(() => scoreCompletion(TEXT, { scorers: [failing] })).toThrow("The scorer failing@1 failed: no idea");
    const half = defineScorer({ name: "half", version: 1, grades: true, score: () => 0.5 });
    expect(() => scoreCompletion(TEXT, { scorers: [half] })).toThrow(/expected 1 or 0/);
    expect(() => defineScorer({ name: "cosine", version: 1, score: () => 0 })).toThrow(/no score has/);
  });
});

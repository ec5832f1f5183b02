import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImportedRun } from "../../src/imports/imported-run.ts";
import { type LeftOut, readSources } from "../../src/imports/read-sources.ts";
import { sharedPath } from "../helpers/shared.ts";
import { attemptsOf, meanCharacters, meanOf, meanScore, questionsOf } from "./run-facts.ts";

const root = sharedPath("imports");
type Values = Readonly<Record<string, unknown>>;
const expected: Record<string, Record<string, Values>> = root === undefined
  ? {}
  : JSON.parse(readFileSync(join(root, "expected.json"), "utf8"));

async function read(name: string): Promise<{ runs: ImportedRun[]; leftOut: LeftOut }> {
  const leftOut: LeftOut = { broken: [], passedOver: [] };
  const runs: ImportedRun[] = [];
  for await (const run of readSources([join(root ?? "", name)], { skipBroken: true }, leftOut)) runs.push(run);
  return { runs, leftOut };
}

/** What a run has under the names of expected.json; null where it has nothing to say. */
type Facts = (run: ImportedRun | undefined, values: Values) => Readonly<Record<string, unknown>>;

/** Compares what is found with what is expected, of the keys that both know, to six decimals. */
function compare(
  name: string,
  runs: readonly ImportedRun[],
  runOf: (key: string) => ImportedRun | undefined,
  facts: Facts,
): void {
  const cases = Object.entries(expected[name] ?? {});
  expect(runs.length).toBeGreaterThan(0);
  const found = cases.map(([key, values]) => [key, rounded(facts(runOf(key), values))] as const);
  const wanted = cases.map(([key, values], i) => {
    const keys = new Set(Object.keys(found[i]?.[1] ?? {}));
    return [key, rounded(Object.fromEntries(Object.entries(values).filter(([one]) => keys.has(one))))] as const;
  });
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
  expect(wanted.every(([, values]) => Object.keys(values).length > 2)).toBe(true);
}

function rounded(values: Values): Values {
  const round = (value: unknown): unknown =>
    typeof value === "number" ? Number(value.toFixed(6)) : Array.isArray(value) ? value.map(round) : value;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, round(value)]));
}

/** Keys of expected.json that are no metric of lm-evaluation-harness. */
const LM_EVAL_OTHERS = new Set(["model", "model_args", "file", "empty", "rows in file"]);

/** The task in a key of the lm-evaluation-harness cases. */
function taskOf(key: string): string {
  return key.split(" | ")[1] ?? key;
}

function inspectFacts(run: ImportedRun | undefined, values: Values): Values {
  if (run === undefined) return {};
  const cut = run.answers.filter(({ finish }) => finish === "length").length;
  const tokens = run.answers.flatMap((one) => one.tokens ?? []);
  return {
    model: run.model,
    task: run.task,
    "samples in file": run.answers.length,
    "distinct ids": questionsOf(run),
    "mean chars": meanCharacters(run),
    ...Object.fromEntries(run.scoreNames.map((scorer) => [`accuracy ${scorer}`, meanScore(run, scorer)])),
    ...(tokens.length === 0 ? {} : { "mean output_tokens (output.usage)": meanOf(tokens) }),
    "stop reasons": cut === 0 ? values["stop reasons"] : { length: cut },
  };
}

describe.skipIf(root === undefined)("the real cases of other harnesses", () => {
  it("are all known here", () => {
    const folders = readdirSync(root ?? "").filter((name) => statSync(join(root ?? "", name)).isDirectory());
    const cases = folders.flatMap((name) => readdirSync(join(root ?? "", name)).map((one) => `${name}/${one}`));
    expect(cases.toSorted()).toEqual([...Object.keys(expected), "lm-eval/v0.3-results-only"].toSorted());
  });

  it.each(Object.keys(expected).filter((name) => name.startsWith("lm-eval/")))("%s", async (name) => {
    const { runs, leftOut } = await read(name);
    expect(leftOut.broken).toEqual([]);
    const runOf = (key: string): ImportedRun | undefined => {
      const model = key.includes(" | ") ? (key.split(" | ")[0] ?? "").replace("__", "/") : "";
      return runs.find((run) => run.task === taskOf(key) && run.model.endsWith(model));
    };
    compare(name, runs, runOf, (run, values) => lmEvalFacts(run, values));
    function lmEvalFacts(run: ImportedRun | undefined, values: Values): Values {
      if (run === undefined) return {};
      const key = Object.entries(expected[name] ?? {}).find(([, one]) => one === values)?.[0] ?? "";
      const filter = /filter (\S+)/.exec(key)?.[1] ?? "none";
      const metrics = Object.keys(values).filter((metric) => !LM_EVAL_OTHERS.has(metric));
      const given: Record<string, unknown> = {
        n_docs: questionsOf(run),
        attempts: attemptsOf(run),
        completions: run.answers.length,
        mean_chars: meanCharacters(run),
        "scores_per_repeat exact_match: mean of each repeat": Array.from({ length: attemptsOf(run) }, (_, k) =>
          meanOf(
            run.answers.filter((one) => one.attempt === k).map((one) => one.scores[`exact_match,${filter}`] ?? -1),
          ),
        ),
      };
      return Object.fromEntries(
        metrics.map((metric) => [metric, metric in given ? given[metric] : meanScore(run, `${metric},${filter}`)]),
      );
    }
    // A group is no benchmark.
    expect(new Set(runs.map(({ task }) => task))).toEqual(new Set(Object.keys(expected[name] ?? {}).map(taskOf)));
  });

  it("lm-eval/multiple-choice has no texts of the task that is decided by likelihood", async () => {
    const { runs } = await read("lm-eval/multiple-choice");
    const choice = runs.find(({ task }) => task === "pocket_choice");
    expect(choice?.answers.every(({ completion }) => completion === null)).toBe(true);
  });

  it("lm-eval/v0.3-results-only", async () => {
    const { runs } = await read("lm-eval/v0.3-results-only");
    const find = (task: string, shots: number): ImportedRun | undefined =>
      runs.find((run) => run.task === task && run.shots === shots);
    expect(find("gsm8k", 8)?.means.acc).toBeCloseTo(0.00530705, 8);
    expect(find("gsm8k", 5)?.means.acc).toBe(0);
    expect(find("mathqa", 5)?.means.acc).toBeCloseTo(0.225126, 6);
    expect(find("drop", 5)?.scoreNames[0]).toBe("em");
    expect(runs.every(({ questions, model }) => questions === null && model === "bigscience/bloom-560m")).toBe(true);
    expect(runs).toHaveLength(11);
  });

  it.each(["lighteval/lexam-0.11.0", "lighteval/pocket-0.8.0"])("%s", async (name) => {
    const { runs, leftOut } = await read(name);
    expect(leftOut.broken).toEqual([]);
    const runOf = (key: string): ImportedRun | undefined => {
      const [model, task = ""] = key.split(" | ");
      return runs.find((run) => run.model === model && run.task === task.split("|")[1]);
    };
    compare(name, runs, runOf, (run) => {
      if (run === undefined) return {};
      const tokens = run.answers.flatMap((one) => one.tokens ?? []);
      const lengths = {
        mean_tokens_before_first_eos_or_pad: meanOf(tokens),
        "reached_generation_size(unpadded)": run.answers.filter(({ finish }) => finish === "length").length,
        generation_size: run.maxTokens,
      };
      return {
        n_docs: questionsOf(run),
        attempts: attemptsOf(run),
        completions: run.answers.length,
        mean_chars: meanCharacters(run),
        ...Object.fromEntries(run.scoreNames.map((metric) => [metric, meanScore(run, metric)])),
        ...(tokens.length === 0 ? {} : lengths),
      };
    });
  });

  it("lighteval/merge-sweep-0.8.1", async () => {
    const name = "lighteval/merge-sweep-0.8.1";
    const { runs } = await read(name);
    expect(runs).toHaveLength(234);
    expect(runs.every(({ answers }) => answers.length === 0)).toBe(true);
    const seeds = (key: string): ImportedRun[] => {
      const [model, task = ""] = key.split(" :: ");
      const own = runs.filter((run) => run.model === model && run.task === task.split("|")[1]);
      return own.toSorted((a, b) => (a.seed ?? 0) - (b.seed ?? 0));
    };
    compare(
      name,
      runs,
      (key) => seeds(key)[0],
      (run, values) => {
        const key = Object.entries(expected[name] ?? {}).find(([, one]) => one === values)?.[0] ?? "";
        const means = seeds(key).map((one) => one.means.extractive_match ?? -1);
        return {
          "runs(seeds)": means.length,
          n_docs: run?.questions,
          "by seed": means,
          "extractive_match mean over runs": meanOf(means),
        };
      },
    );
  });

  it.each(Object.keys(expected).filter((name) => name.startsWith("inspect/")))("%s", async (name) => {
    const { runs, leftOut } = await read(name);
    const folder = join(root ?? "", name);
    const byFile = new Map(runs.map((run) => [relative(folder, run.source), run]));
    const withSamples = Object.entries(expected[name] ?? {}).filter(
      ([, values]) => Number(values["distinct ids"] ?? 0) > 0,
    );
    const scored = withSamples.filter(([file]) => file !== "sample-without-output.json");
    const found = scored.map(([file, values]) => [file, rounded(inspectFacts(byFile.get(file), values))] as const);
    const wanted = scored.map(([file, values], i) => {
      const keys = Object.keys(found[i]?.[1] ?? {});
      return [file, rounded(Object.fromEntries(keys.map((key) => [key, values[key]])))] as const;
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    const others = Object.keys(expected[name] ?? {}).filter((file) => !scored.some(([one]) => one === file));
    const unread = others.filter((file) => (byFile.get(file)?.answers.length ?? 0) === 0);
    expect(unread).toEqual(others);
    for (const { file, reason } of leftOut.broken) expect(reason).toContain(file);
    // The provider fills up batches and counts that: such lengths are worse than none.
    const padded = runs.filter(
      ({ model, answers }) => model.startsWith("hf/") && answers.some(({ tokens }) => tokens !== null),
    );
    expect(padded).toEqual([]);
  });

  it("inspect: what is broken, unscored or of an unknown version is refused with a reason", async () => {
    const { runs, leftOut } = await read("inspect/bad-or-headers-only");
    const reasons = leftOut.broken.map(({ reason }) => reason).join("\n");
    expect(leftOut.broken).toHaveLength(6);
    expect(reasons).toMatch(/version4-unknown\.json: expected an Inspect log of version 1, 2 or 3, found version 4/);
    expect(reasons).toMatch(/truncated-json\.json: expected JSON/);
    expect(reasons).toMatch(/popularity_error\.json: expected samples with scores.*status "error"/);
    expect(runs.map(({ means, answers }) => [means, answers])).toEqual([[{ match: 0 }, []]]);
  });

  it("verifiers", async () => {
    const name = "verifiers/math-python-2025-09";
    const { runs } = await read(name);
    const runOf = (key: string): ImportedRun | undefined => runs.find(({ source }) => source.endsWith(key));
    compare(name, runs, runOf, (run) => ({
      rollouts: run?.answers.length,
      "distinct problems (prompt)": run && questionsOf(run),
      "mean reward": run && meanScore(run, run.scoreNames[0] ?? ""),
      "mean chars of last assistant message": run && meanCharacters(run),
    }));
    expect(runs[0]?.scoreNames).toEqual(["reward", "correct_answer_reward_func"]);
    const pointer = await read("verifiers/lfs-pointer");
    expect(pointer.runs).toEqual([]);
    expect(pointer.leftOut.broken.map(({ reason }) => reason).join("\n")).toMatch(/results\.jsonl: .*Git LFS pointer/);
  });

  it("simple-evals", async () => {
    const { runs } = await read("simple-evals/math-mgsm-jsonl");
    const runOf = (key: string): ImportedRun | undefined => runs.find(({ source }) => source.endsWith(key));
    compare("simple-evals/math-mgsm-jsonl", runs, runOf, (run) => ({
      n: run?.answers.length,
      "accuracy is_correct": run && meanScore(run, "is_correct"),
      "mean completion_tokens": run && meanOf(run.answers.flatMap((one) => one.tokens ?? [])),
    }));
    const summaries = (await read("simple-evals/summary-only")).runs;
    const scores = Object.fromEntries(
      summaries.map(({ task, model, means }) => [`${task}_${model}.json`, { score: means.score }]),
    );
    expect(scores).toEqual(expected["simple-evals/summary-only"]);
  });
});

import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import type { ImportedRun } from "../../src/imports/imported-run.ts";
import { type LeftOut, readSources, type SourceOptions } from "../../src/imports/read-sources.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";
import { put } from "./make-results.ts";
import { type ZipMethod, zipOf } from "./make-zip.ts";
import { attemptsOf, meanScore, questionsOf } from "./run-facts.ts";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});

async function read(options: SourceOptions = {}, name = ""): Promise<ImportedRun[]> {
  const leftOut: LeftOut = { broken: [], passedOver: [] };
  const runs: ImportedRun[] = [];
  for await (const run of readSources([join(folder, name)], options, leftOut)) runs.push(run);
  return runs;
}

const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const lmEvalSample = (id: number, score: number): Record<string, unknown> => ({
  doc_id: id,
  doc: { question: `Q${id}`, answer: "1" },
  target: "1",
  arguments: [[`prompt ${id}`, { max_gen_toks: 8 }]],
  resps: [["one"]],
  filtered_resps: ["1"],
  exact_match: score,
});

const inspectSample = (id: string, epoch: number, value: unknown): Record<string, unknown> => ({
  id,
  epoch,
  input: "attachment://abc",
  target: "5",
  attachments: { abc: `What is ${id}?` },
  output: {
    completion: "5",
    choices: [{ message: { content: [{ type: "reasoning", reasoning: "hm" }] }, stop_reason: "stop" }],
    usage: null,
  },
  scores: { judge: { value, answer: "5" } },
});

const rollout = (id: number, question: string, reward: number): Record<string, unknown> => ({
  id,
  prompt: [{ role: "user", content: question }],
  completion: [
    { role: "assistant", content: "", tool_calls: ["{}"] },
    { role: "tool", content: "4" },
    { role: "assistant", content: `The answer to ${question}` },
  ],
  answer: "4",
  reward,
  right: reward,
  total_tool_calls: 1,
  total_ms: 0.5,
});

describe("lm-evaluation-harness", () => {
  it("0.4.2: the rows of one array have no filter's name; they are in the order of the task's filters", async () => {
    put(folder, "results.json", {
      results: { tiny: { "exact_match,second": 1, "exact_match,first": 0.5 }, tiny_two: { "exact_match,none": 0 } },
      group_subtasks: { tiny: [] },
      configs: { tiny: { filter_list: [{ name: "first" }, { name: "second" }] } },
      config: { model: "hf", model_args: "pretrained=me/it,dtype=float32" },
    });
    put(folder, "pretrained__me__it_tiny.jsonl", [
      lmEvalSample(0, 1),
      lmEvalSample(1, 0),
      lmEvalSample(0, 1),
      lmEvalSample(1, 1),
    ]);
    put(folder, "pretrained__me__it_tiny_two.jsonl", [lmEvalSample(5, 0)]);
    const [tiny, two] = await read();
    expect(tiny).toMatchObject({
      model: "me/it",
      task: "tiny",
      maxTokens: 8,
      scoreNames: ["exact_match,first", "exact_match,second"],
    });
    expect([tiny, tiny].map((run, i) => run && meanScore(run, run.scoreNames[i] ?? ""))).toEqual([0.5, 1]);
    expect(two?.answers).toHaveLength(1);
  });

  it("0.5: every repeat has its score, and is preferred to a vote and to pass@k", async () => {
    put(folder, "results_2026-01-01T00-00-00.0.json", {
      results: { tiny: {} },
      versions: {},
      configs: { tiny: { filter_list: [{ name: "maj", filter: [{ function: "majority_vote" }] }, { name: "each" }] } },
      model_name: "m",
      "n-samples": { tiny: { effective: 1 } },
    });
    const row = { doc_id: 0, doc: { question: "Q" }, target: "1", resps: [["a", "b", "c", "d"]] };
    put(
      folder,
      "samples_tiny_2026-01-01T00-00-00.0.jsonl",
      lines([
        { ...row, filter: "maj", filtered_resps: [["1"]], metrics: ["exact_match"], exact_match: 1 },
        {
          ...row,
          filter: "each",
          filtered_resps: [["1", "2", "1", "2"]],
          metrics: ["pass@1(exact_match)", "pass@2(exact_match)"],
          "pass@1(exact_match)": 0.5,
          "pass@2(exact_match)": 1,
          scores_per_repeat: { exact_match: [1, 0, 1, 0] },
        },
      ]),
    );
    const [run] = await read();
    expect(run?.scoreNames).toEqual([
      "exact_match,each",
      "pass@1(exact_match),each",
      "pass@2(exact_match),each",
      "exact_match,maj",
    ]);
    expect(run?.answers.map(({ scores }) => scores["exact_match,each"])).toEqual([1, 0, 1, 0]);
    expect(run?.answers.map(({ scores }) => scores["exact_match,maj"] ?? null)).toEqual([1, null, null, null]);
  });

  it("0.3: results alone, with NaN where Python writes it", async () => {
    put(
      folder,
      "old.json",
      '{"results": {"gsm8k": {"acc": 0.25, "acc_stderr": NaN, "f1": NaN}}, "versions": {"gsm8k": 0}, "config": {"model": "hf", "model_args": "pretrained=a/b", "num_fewshot": 5}}',
    );
    expect(await read()).toMatchObject([
      { model: "a/b", task: "gsm8k", shots: 5, means: { acc: 0.25 }, scoreNames: ["acc"], answers: [] },
    ]);
  });

  it("samples within the results, and answers that are no text", async () => {
    put(folder, "api.json", {
      results: { tiny: { "acc,none": 1 } },
      configs: {},
      model_name: "m",
      samples: {
        tiny: [
          {
            ...lmEvalSample(0, 1),
            resps: [[["-7.5", "False"]], [["-9", "True"]]],
            exact_match: undefined,
            metrics: ["acc"],
            acc: true,
            filter: "none",
          },
        ],
      },
    });
    const [run] = await read();
    expect(run?.answers).toMatchObject([{ completion: null, scores: { "acc,none": 1 }, golds: ["1"] }]);
  });

  it("a filter that lacks a document is an error", async () => {
    put(folder, "results_2026-01-01T00-00-00.0.json", { results: { tiny: {} }, versions: {}, model_name: "m" });
    put(
      folder,
      "samples_tiny_2026-01-01T00-00-00.0.jsonl",
      lines([
        { ...lmEvalSample(0, 1), filter: "a" },
        { ...lmEvalSample(1, 1), filter: "a" },
        { ...lmEvalSample(0, 1), filter: "b" },
      ]),
    );
    await expect(read()).rejects.toThrow(/samples_tiny.*expected document 1 for the filters a, b, found it for a/);
  });
});

describe("lighteval", () => {
  const date = "2026-01-01T00-00-00.000000";
  function putDetails(file: string, task: string, model: string): void {
    const place = join(folder, "details", model, date);
    mkdirSync(place, { recursive: true });
    copyFileSync(join(projectRoot, "test/fixtures/imports", file), join(place, `details_${task}_${date}.parquet`));
  }

  it("details of the flat schema: several attempts, padding, and what reached the cap", async () => {
    putDetails("lighteval-flat.parquet", "custom|sums|0", "me");
    put(folder, `results/me/results_${date}.json`, {
      config_general: { model_name: "me", generation_parameters: { max_new_tokens: null, seed: 3 } },
      results: {
        "custom|sums|0": { "maj@2": 1 / 3, "math_pass@1:2_samples": 2 / 3 },
        "custom|sums:_average|0": { "maj@2": 1 },
        all: {},
      },
      config_tasks: { "custom|sums": { generation_size: 6, effective_num_docs: 3 } },
      summary_tasks: { "custom|sums|0": { truncated: 3 } },
    });
    const runs = await read();
    expect(runs).toHaveLength(1);
    const [run] = runs;
    if (run === undefined) return;
    expect(run).toMatchObject({
      task: "sums",
      shots: 0,
      seed: 3,
      maxTokens: 6,
      scoreNames: ["math_pass@1:2_samples", "maj@2"],
    });
    expect([questionsOf(run), attemptsOf(run), meanScore(run, "math_pass@1:2_samples")]).toEqual([
      3,
      2,
      expect.closeTo(2 / 3, 9),
    ]);
    expect(run.answers.map(({ tokens }) => tokens)).toEqual([3, 3, 6, 3, 1, 1]);
    expect(run.answers.filter(({ finish }) => finish === "length").map(({ completion }) => completion)).toEqual([
      "well well well",
    ]);
    expect(run.answers.map(({ golds }) => golds[0])).toEqual(["5", "5", "8", "8", "9", "9"]);
  });

  it("details of the nested schema, without results: the model is their folder", async () => {
    putDetails("lighteval-nested.parquet", "sums|5", "org/me");
    const [run] = await read();
    expect(run).toMatchObject({ model: "org/me", task: "sums", shots: 5, maxTokens: 6, scoreNames: ["em"] });
    expect(run?.answers.map(({ completion, tokens, question }) => [completion, tokens, question])).toEqual([
      ["It is 5", 3, "What is 2 + 3?"],
      ["well well well", 6, "What is 4 + 4?"],
      ["9", 1, "What is 10 - 1?"],
    ]);
  });

  it.each(["lighteval-flat.parquet", "lighteval-nested.parquet"])(
    "%s with any byte damaged is read or refused",
    async (file) => {
      const whole = readFileSync(join(projectRoot, "test/fixtures/imports", file));
      let refused = 0;
      for (let i = 0; i < whole.length; i += 13) {
        const damaged = Buffer.from(whole);
        damaged[i] = 0xff - (damaged[i] ?? 0);
        put(folder, `details/me/${date}/details_sums|0_${date}.parquet`, damaged);
        const found = await read().catch((error: unknown) => error);
        if (Array.isArray(found)) continue;
        if (!(found instanceof InputError)) throw new Error(`byte ${i}`, { cause: found });
        refused++;
      }
      expect(refused).toBeGreaterThan(50);
    },
  );

  it("details that are damaged cost nothing of the other tasks, whose details stay theirs", async () => {
    putDetails("lighteval-nested.parquet", "one|0", "me");
    putDetails("lighteval-nested.parquet", "two|0", "me");
    put(folder, `details/me/${date}/details_one|0_${date}.parquet`, "PAR1 no parquet PAR1");
    put(folder, `results/me/results_${date}.json`, {
      config_general: { model_name: "org/me", generation_parameters: { seed: 3 } },
      results: { "one|0": { em: 1 }, "two|0": { em: 1 } },
    });
    const leftOut: LeftOut = { broken: [], passedOver: [] };
    const runs: ImportedRun[] = [];
    for await (const run of readSources([folder], { skipBroken: true }, leftOut)) runs.push(run);
    expect(leftOut.broken).toHaveLength(1);
    expect(runs).toMatchObject([{ model: "org/me", task: "two", seed: 3 }]);
  });

  it("a damaged details file is an error that names it", async () => {
    put(folder, `details/me/${date}/details_sums|0_${date}.parquet`, "PAR1 no parquet PAR1");
    await expect(read()).rejects.toThrow(/details_sums\|0.*not a parquet file that can be read/);
  });
});

describe("Inspect", () => {
  const header = {
    version: 3,
    status: "success",
    eval: {
      task: "sums",
      model: "openai/it",
      run_id: "r",
      packages: { inspect_ai: "0.3.200" },
      config: { epochs: 2 },
    },
    results: {
      completed_samples: 2,
      scores: [
        { name: "judge", reducer: "mode", metrics: { accuracy: { value: 1 } } },
        { name: "judge", reducer: "mean", metrics: { accuracy: { value: 0.75 } } },
      ],
    },
  };
  const files = {
    "header.json": header,
    "samples/a_epoch_1.json": inspectSample("a", 1, "C"),
    "samples/a_epoch_2.json": inspectSample("a", 2, "P"),
  };

  it.each<[string, ZipMethod]>([
    ["stored", 0],
    ["deflated", 8],
    ["compressed with Zstandard, in several frames", 93],
  ])("an .eval log, %s", async (_, method) => {
    put(folder, "log.eval", zipOf(files, method));
    const [run] = await read();
    expect(run).toMatchObject({
      harness: "Inspect 0.3.200",
      model: "openai/it",
      task: "sums",
      means: { judge: 0.75 },
      scoreNames: ["judge"],
      // One question, twice.
      questions: 1,
    });
    expect(run?.answers).toMatchObject([
      { id: "a", attempt: 0, question: "What is a?", completion: "5", tokens: null, scores: { judge: 1 } },
      { id: "a", attempt: 1, scores: { judge: 0.5 } },
    ]);
  });

  it.each([
    [{ dataset: { samples: 40 }, config: { epochs: 2 } }, 40],
    [{ dataset: { samples: 40 }, config: { limit: 10 } }, 10],
    [{ dataset: { samples: 40 }, config: { limit: [30, 50] } }, 10],
    [{ dataset: { samples: 40 }, config: { sample_id: ["a"], epochs: 2 } }, 1],
  ])("questions of %j are %d", async (more, questions) => {
    put(folder, "log.json", { ...header, eval: { ...header.eval, ...more }, samples: [] });
    expect(await read()).toMatchObject([{ questions }]);
  });

  it.each([
    [
      "that is larger than it says",
      zipOf(files, 93, { size: 3 }),
      /header\.json: cannot be unpacked: more than the 3 bytes/,
    ],
    ["that is smaller than it says", zipOf(files, 0, { size: 9999 }), /header\.json: expected 9999 bytes/],
    ["that says it is enormous", zipOf(files, 8, { size: 0xfffffff0 }), /header\.json: expected at most/],
    ["that was cut off", zipOf(files, 8).subarray(0, 300), /expected a ZIP archive, found no directory at its end/],
  ])("an archive %s is refused", async (_, bytes, message) => {
    put(folder, "log.eval", bytes);
    await expect(read()).rejects.toThrow(message);
  });

  it("version 1: one scorer, beside its metrics", async () => {
    put(folder, "old.json", {
      version: 1,
      status: "success",
      eval: { task: "sums", model: "m" },
      results: { scorer: { name: "match" }, metrics: { accuracy: { name: "accuracy", value: 0.5 } } },
      samples: [{ ...inspectSample("a", 1, "x"), scores: undefined, score: { value: 1 } }],
    });
    expect(await read()).toMatchObject([{ means: { match: 0.5 }, answers: [{ scores: { score: 1 } }] }]);
  });

  it("a log that was not finished has its start and samples only", async () => {
    put(
      folder,
      "log.eval",
      zipOf(
        {
          "_journal/start.json": { version: 2, eval: header.eval },
          "samples/a_epoch_1.json": inspectSample("a", 1, "I"),
        },
        8,
      ),
    );
    expect(await read()).toMatchObject([
      { answers: [{ scores: { judge: 0 } }], notes: [expect.stringContaining('"started"')] },
    ]);
  });
});

describe("verifiers and simple-evals", () => {
  it("rollouts are gathered by prompt and answer, not by id", async () => {
    put(
      folder,
      "o/env--m/1a2b/results.jsonl",
      lines([rollout(0, "A", 1), rollout(0, "B", 0), rollout(1, "A", 0), rollout(1, "B", 1)]),
    );
    await expect(read()).rejects.toThrow(/results\.jsonl: expected a metadata\.json beside it/);
    put(folder, "o/env--m/1a2b/metadata.json", {
      env: "env",
      model: "m",
      rollouts_per_example: 2,
      sampling_args: { max_tokens: null },
    });
    const [run] = await read();
    if (run === undefined) throw new Error("nothing was read");
    expect([questionsOf(run), attemptsOf(run), run.run, run.scoreNames]).toEqual([2, 2, "1a2b", ["reward", "right"]]);
    expect(run.answers[0]?.completion).toBe("The answer to A");
    put(folder, "o/env--m/9/results.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    await expect(read()).rejects.toThrow(/9.results\.jsonl: expected results, found a Git LFS pointer/);
  });

  it("names crossed: an answer is a completion, a conversation ends in one", async () => {
    put(
      folder,
      "math/small.jsonl",
      lines([
        { id: 7, instruction: "Q", answer: "long text", pred: "5", is_correct: true, usage: { completion_tokens: 9 } },
      ]),
    );
    put(
      folder,
      "math/chat.jsonl",
      lines([
        {
          convo: [
            { role: "user", content: "Q" },
            { role: "assistant", content: "A" },
          ],
          score: 0.5,
          correct_answer: "5",
        },
      ]),
    );
    put(folder, "gpqa_big_model.json", { score: 0.25, "score:std": 0.4, chars: 12 });
    const runs = await read();
    expect(runs.map(({ model, task }) => `${task} ${model}`)).toEqual(["gpqa big_model", "math chat", "math small"]);
    expect(runs[0]?.means).toEqual({ score: 0.25 });
    expect(runs[1]?.answers).toMatchObject([{ question: "Q", completion: "A", golds: ["5"], scores: { score: 0.5 } }]);
    expect(runs[2]?.answers).toMatchObject([
      { id: "7", completion: "long text", tokens: 9, extracted: { "": "5" }, scores: { is_correct: 1 } },
    ]);
  });
});

describe("what is no result", () => {
  it("is passed over in folders, and refused where it is named", async () => {
    put(folder, "package.json", { name: "x" });
    put(folder, "t.csv", "model,benchmark,accuracy,n,seed\nm,b,0.5,10,1\n");
    const runs = await read();
    expect(runs).toMatchObject([{ model: "m", task: "b", seed: 1, questions: 10, means: { accuracy: 0.5 } }]);
    await expect(read({}, "package.json")).rejects.toThrow(
      /package\.json: expected results of lm-evaluation-harness, lighteval/,
    );
    await expect(read({}, "nowhere")).rejects.toThrow(/nowhere: expected a file or a folder, found none/);
    expect(await read({ format: "inspect" })).toEqual([]);
  });
});

import { expect, test } from "vitest";
import type { Benchmark } from "../../src/benchmarks/benchmark.ts";
import { choosePrompt } from "../../src/benchmarks/prompt.ts";
import { findBenchmark } from "../../src/benchmarks/registry.ts";
import { Evaluation, type Task, type TaskSource, tasksOf } from "../../src/eval/evaluate.ts";
import { createScriptedRuntime } from "../helpers/models/scripted-runtime.ts";
import { projectRoot } from "../helpers/shared.ts";

const { declared } = await findBenchmark("gsm8k", projectRoot);

/** The stop strings that a model is asked with, for a prompt and the sweep's own. */
async function stopsOf(prompt: string, own: readonly string[]): Promise<readonly string[]> {
  let asked: readonly string[] = [];
  const runtime = createScriptedRuntime((_prompt, { sampling }) => {
    asked = sampling.stop;
    return { text: "#### 2" };
  });
  const model = await runtime.load("model", { contextTokens: 4096 });
  const benchmark: Benchmark & { attempts: number } = {
    name: "gsm8k",
    version: 1,
    description: "",
    samples: [{ id: "1", problem: "1 + 1?", golds: ["2"], labels: {} }],
    answer: "number",
    prompt: choosePrompt(declared, prompt),
    dataSha256: "",
    attempts: 1,
  };
  const sampling = {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    maxTokens: 64,
    maxThinkingTokens: null,
    stop: own,
  };
  let left: readonly Task[] | undefined = tasksOf([benchmark]);
  const source: TaskSource = {
    next: () => {
      const tasks = left;
      left = undefined;
      return Promise.resolve(tasks);
    },
    answered: () => Promise.resolve(),
  };
  const writer = { existing: [], append: () => Promise.resolve() };
  const evaluation = new Evaluation([benchmark], { sampling, seed: 0, contextTokens: 4096 }, writer, source);
  await evaluation.answerWith(model, new AbortController().signal);
  return asked;
}

test("after worked examples a completion ends where the model goes on with a question of its own", async () => {
  expect(await stopsOf("gsm8k-8shot", [])).toEqual(["\n\nQuestion:"]);
  expect(await stopsOf("minerva-4shot", ["END"])).toEqual(["END", "\n\nProblem:"]);
});

test("other prompts end where the sweep says", async () => {
  expect(await stopsOf("boxed", ["END"])).toEqual(["END"]);
});

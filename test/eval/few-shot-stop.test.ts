import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import type { Benchmark } from "../../src/benchmarks/benchmark.ts";
import { choosePrompt } from "../../src/benchmarks/prompt.ts";
import { findBenchmark } from "../../src/benchmarks/registry.ts";
import { Evaluation } from "../../src/eval/evaluate.ts";
import { UnitStore } from "../../src/runs/unit-store.ts";
import { createScriptedRuntime } from "../helpers/scripted-runtime.ts";
import { projectRoot } from "../helpers/shared.ts";

const { declared } = await findBenchmark("gsm8k", projectRoot);

/** The stop strings that a model is asked with, for a prompt and the sweep's own. */
async function stopsOf(prompt: string, own: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-stop-"));
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
  const writer = await new UnitStore(folder).open({ identity: sha256("i"), parts: {}, benchmarks: {}, inputs: [] });
  const evaluation = new Evaluation([benchmark], { sampling, seed: 0, contextTokens: 4096 }, writer);
  await evaluation.answerWith(model, new AbortController().signal);
  await writer.close();
  await rm(folder, { recursive: true });
  return asked;
}

test("after worked examples a completion ends where the model goes on with a question of its own", async () => {
  expect(await stopsOf("gsm8k-8shot", [])).toEqual(["\n\nQuestion:"]);
  expect(await stopsOf("minerva-4shot", ["END"])).toEqual(["END", "\n\nProblem:"]);
});

test("other prompts end where the sweep says", async () => {
  expect(await stopsOf("boxed", ["END"])).toEqual(["END"]);
});

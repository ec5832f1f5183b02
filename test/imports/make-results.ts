import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../helpers/shared.ts";

/** Files as other harnesses write them, of our own making, with nothing in them but what matters. */

/** A question and its answer. */
export const QUESTIONS: readonly { readonly id: string; readonly question: string; readonly answer: string }[] =
  Array.from({ length: 12 }, (_, i) => ({
    id: `doc-${i}`,
    question: `Compute ${i + 2} + ${3 * i}.`,
    answer: String(4 * i + 2),
  }));

/** Writes a file under a folder. */
export function put(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** What a model answers: right for all questions but the first `wrong` ones. */
function textFor(index: number, wrong: number, boxed: boolean): string {
  const value = index < wrong ? "-1" : (QUESTIONS[index]?.answer ?? "");
  return boxed ? `<think>\nadd\n</think>\n\\boxed{${value}}` : `The answer is ${value}`;
}

interface LmEvalOptions {
  readonly wrong: number;
  readonly date?: string;
  readonly boxed?: boolean;
  readonly seed?: number;
}

/** lm-evaluation-harness 0.4.9: results and samples of one model, two filters; only boxed answers pass the strict one. */
export function putLmEval(
  folder: string,
  model: string,
  { wrong, date = "2026-01-01T00-00-00.0", boxed = true, seed = 0 }: LmEvalOptions,
): void {
  const own = join(folder, model.replaceAll("/", "__"));
  const rate = (QUESTIONS.length - wrong) / QUESTIONS.length;
  put(own, `results_${date}.json`, {
    results: {
      tiny: {
        alias: "tiny",
        "exact_match,strict": boxed ? rate : 0,
        "exact_match_stderr,strict": "N/A",
        "exact_match,flexible": rate,
      },
    },
    groups: { suite: { "exact_match,strict": 0.5 } },
    group_subtasks: { suite: ["tiny"] },
    configs: { tiny: { filter_list: [{ name: "strict" }, { name: "flexible" }] } },
    "n-shot": { tiny: 0 },
    "n-samples": { tiny: { original: 50, effective: QUESTIONS.length } },
    config: { model: "hf", model_args: { pretrained: model }, random_seed: seed },
    lm_eval_version: "0.4.9",
    model_name: model,
  });
  const rows = ["strict", "flexible"].flatMap((filter) =>
    QUESTIONS.map(({ question, answer }, index) => {
      const right = index >= wrong && (filter === "flexible" || boxed);
      return {
        doc_id: index,
        doc: { question, answer },
        target: answer,
        arguments: { gen_args_0: { arg_0: `User: ${question}`, arg_1: { do_sample: false, max_gen_toks: 64 } } },
        resps: [[textFor(index, wrong, boxed)]],
        filtered_resps: [right ? answer : "[invalid]"],
        filter,
        metrics: ["exact_match"],
        exact_match: right ? 1 : 0,
      };
    }),
  );
  put(own, `samples_tiny_${date}.jsonl`, lines(rows));
}

/** The first three questions of pocket-math. */
const POCKET = readFileSync(join(projectRoot, "datasets/pocket-math/test.jsonl"), "utf8")
  .split("\n", 3)
  .map((line) => JSON.parse(line));

/** lm-evaluation-harness: one filter, every answer right; by the number of examples, the tasks. */
export function putTasks(own: string, model: string, tasks: Readonly<Record<number, readonly string[]>>): void {
  const date = "2026-01-01T00-00-00.0";
  const all = Object.entries(tasks).flatMap(([shots, names]) => names.map((name) => ({ name, shots: Number(shots) })));
  put(own, `results_${date}.json`, {
    results: Object.fromEntries(all.map(({ name }) => [name, { "exact_match,none": 1 }])),
    "n-shot": Object.fromEntries(all.map(({ name, shots }) => [name, shots])),
    "n-samples": Object.fromEntries(all.map(({ name }) => [name, { effective: POCKET.length }])),
    versions: {},
    config: { random_seed: 0 },
    model_name: model,
  });
  for (const { name } of all) {
    const rows = POCKET.map(({ question, answer }, doc) => ({
      doc_id: doc,
      doc: { question, answer },
      target: answer,
      resps: [["one"]],
      filtered_resps: [answer],
      filter: "none",
      metrics: ["exact_match"],
      exact_match: 1,
    }));
    put(own, `samples_${name}_${date}.jsonl`, lines(rows));
  }
}

/** lighteval 0.8: one results file a seed, no details. */
export function putLighteval(folder: string, model: string, seed: number, accuracy: number): void {
  put(join(folder, "results", model), `results_2026-01-0${seed + 1}T00-00-00.000000.json`, {
    config_general: { model_name: model, generation_parameters: { seed, temperature: 0.8, max_new_tokens: 1000 } },
    results: {
      "custom|aime24|0": { extractive_match: accuracy, extractive_match_stderr: 0.08 },
      all: { extractive_match: accuracy },
    },
    config_tasks: { "custom|aime24": { effective_num_docs: 30, generation_size: 500 } },
  });
}

/** An Inspect log of version 2 in one JSON file; two epochs. */
export function putInspect(
  folder: string,
  model: string,
  wrong: number,
  change: Readonly<Record<string, unknown>> = {},
): string {
  const samples = [1, 2].flatMap((epoch) =>
    QUESTIONS.map(({ id, question, answer }, index) => ({
      id,
      epoch,
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: question }] },
      ],
      target: [answer],
      output: {
        choices: [
          {
            message: {
              role: "assistant",
              content: [
                { type: "reasoning", reasoning: "hm" },
                { type: "text", text: textFor(index, wrong, true) },
              ],
            },
            stop_reason: index === 0 ? "max_tokens" : "stop",
          },
        ],
        usage: { output_tokens: 10 + index },
      },
      scores: { match: { value: index < wrong ? "I" : "C", answer: "x" }, partly: { value: "P" } },
    })),
  );
  return put(folder, `${model.replaceAll("/", "_")}.json`, {
    version: 2,
    status: "success",
    eval: { task: "tiny", model, run_id: model, created: "2026-01-01", packages: { inspect_ai: "0.3.99" } },
    plan: { config: { max_tokens: 50 } },
    results: {
      completed_samples: samples.length,
      scores: [{ name: "match", reducer: "mode", metrics: { accuracy: { value: 1 } } }],
    },
    samples,
    ...change,
  });
}

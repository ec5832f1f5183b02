import { ConfigError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { PromptTemplate, Sample } from "./benchmark.ts";
import { GSM8K_EIGHT_SHOT, MINERVA_FOUR_SHOT } from "./few-shot.ts";
import type { BenchmarkFile } from "./schema.ts";

/** One turn of the conversation that the model's chat template renders. */
export interface Message {
  readonly role: "system" | "user";
  readonly content: string;
}

/**
 * The built-in ways to ask. Raise the version of one whose text changes: completions of another version are never reused.
 *
 * `open-rs` is the user prompt of Open-RS's evaluation (`src/open_r1/evaluate.py`), letter for letter: two spaces after
 * "clearly." `qwen-math` is qwen25-math-cot of Qwen2.5-Math, a system prompt. The few-shot templates have the shape of the published ones, with problems of our own.
 */
const PROMPTS: readonly PromptTemplate[] = [
  { name: "plain", version: 1, user: "{problem}" },
  {
    name: "open-rs",
    version: 1,
    user:
      "Solve the following math problem efficiently and clearly.  The last line of your response should be of the following " +
      "format: 'Therefore, the final answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) where ANSWER is " +
      "just the final number or expression that solves the problem. Think step by step before answering.\n\n{problem}",
  },
  {
    name: "boxed",
    version: 1,
    user: "{problem}\n\nPlease reason step by step, and put your final answer within \\boxed{}.",
  },
  {
    name: "qwen-math",
    version: 1,
    system: "Please reason step by step, and put your final answer within \\boxed{}.",
    user: "{problem}",
  },
  { name: "gsm8k-8shot", version: 2, user: GSM8K_EIGHT_SHOT, stop: ["\n\nQuestion:"] },
  { name: "minerva-4shot", version: 2, user: MINERVA_FOUR_SHOT, stop: ["\n\nProblem:"] },
];

/** The names of the built-in templates. */
export function promptNames(): string[] {
  return PROMPTS.map((prompt) => prompt.name);
}

/** Whether a name is a built-in template's. */
export function knowsPrompt(name: string): boolean {
  return PROMPTS.some((prompt) => prompt.name === name);
}

/**
 * The template that a benchmark is asked with: the named one, or the first that it lists. Templates of its own come before
 * built-in ones of the same name; a built-in one that it does not list may be named too.
 *
 * @throws ConfigError for an unknown name, with the one that was probably meant
 */
export function choosePrompt(declared: BenchmarkFile, name?: string): PromptTemplate {
  const own = declared.prompts.filter((prompt) => typeof prompt !== "string");
  const first = declared.prompts[0] ?? "plain";
  const wanted = name ?? (typeof first === "string" ? first : first.name);
  const found = [...own, ...PROMPTS].find((prompt) => prompt.name === wanted);
  if (found === undefined) {
    throw new ConfigError(`Unknown prompt "${wanted}" for the benchmark ${declared.name}`, {
      hint: suggestion(wanted, new Set([...own.map((prompt) => prompt.name), ...promptNames()])),
    });
  }
  return found;
}

/** Whether a template is one of ours: another text would have another version. */
export function isBuiltIn(prompt: PromptTemplate): boolean {
  return PROMPTS.includes(prompt);
}

/** What a template says about one problem, as turns for the model's chat template. */
export function messagesFor(prompt: PromptTemplate, sample: Pick<Sample, "problem">): Message[] {
  // A function as replacement: `$&` and `$1` in a problem are text.
  const user: Message = { role: "user", content: prompt.user.replaceAll("{problem}", () => sample.problem) };
  return prompt.system === undefined ? [user] : [{ role: "system", content: prompt.system }, user];
}

import { describe, expect, it } from "vitest";
import { choosePrompt, messagesFor, promptNames } from "../../src/benchmarks/prompt.ts";
import { findBenchmark } from "../../src/benchmarks/registry.ts";
import { projectRoot } from "../helpers/shared.ts";

const { declared } = await findBenchmark("pocket-math", projectRoot);

function ask(prompt: string, problem: string): string {
  const messages = messagesFor(choosePrompt(declared, prompt), { problem });
  expect(messages).toHaveLength(1);
  return messages[0]?.content ?? "";
}

describe("the prompt templates", () => {
  it("ask the problem alone as plain", () => {
    expect(ask("plain", "What is 1 + 1?")).toBe("What is 1 + 1?");
  });

  it("ask as Open-RS's evaluation does, letter for letter", () => {
    expect(ask("open-rs", "Q")).toBe(
      "Solve the following math problem efficiently and clearly.  The last line of your response should be of the following format: 'Therefore, the final answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) where ANSWER is just the final number or expression that solves the problem. Think step by step before answering.\n\nQ",
    );
  });

  it("leave dollars and ampersands of a problem as they are", () => {
    expect(ask("plain", "$& costs $1 and $$ {problem}")).toBe("$& costs $1 and $$ {problem}");
  });

  it("show eight worked word problems before gsm8k-8shot and four in LaTeX before minerva-4shot", () => {
    expect(ask("gsm8k-8shot", "Q").match(/#### \d+/g)).toHaveLength(8);
    expect(ask("gsm8k-8shot", "Q")).toMatch(/Question: Q\nAnswer:$/);
    expect(
      ask("minerva-4shot", "Q").match(/Final Answer: The final answer is \$.*\$\. I hope it is correct\./g),
    ).toHaveLength(4);
    expect(ask("minerva-4shot", "Q")).toMatch(/Problem:\nQ\n\nSolution:$/);
  });

  it("each have a hole for the problem and a version", () => {
    for (const name of promptNames()) {
      const prompt = choosePrompt(declared, name);
      expect(prompt.user.split("{problem}")).toHaveLength(2);
      expect(prompt.version).toBeGreaterThan(0);
    }
  });

  it("put a template's system text first", () => {
    expect(messagesFor({ name: "mine", version: 1, system: "Be brief.", user: "{problem}" }, { problem: "Q" })).toEqual(
      [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Q" },
      ],
    );
  });
});

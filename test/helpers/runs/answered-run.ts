import type { ProblemRecord, SampleRecord, ScoreRecord } from "../../../src/runs/schema.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { evaluatedPoint, scoreOf, syntheticRun } from "../../report/synthetic-run.ts";

/** Texts that would be markup, hide others, turn them around, or fill the memory. */
export const HOSTILE: readonly string[] = [
  "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>",
  "\u202eesrever\u202c \u0000\u0007\u001b[31m \ud800 lone",
  `${"long ".repeat(200_000)}end`,
  "$\\href{javascript:alert(1)}{x}$ $\\undefined{ $$\\frac{1}{2}$$ \\(x^2\\) and $5",
];

const QUESTIONS = 12;

/** Which questions are right at which point: what the filters of a page have to find. */
export function isRightAt(question: number, point: number): boolean {
  return point === 0 ? question % 3 !== 0 : point === 1 ? question % 2 === 0 : question < 3;
}

/** A small run with questions, texts and verdicts that are known by heart. */
export function answeredRun(): StoredRun {
  const behaviour = { accuracy: 1, strict: 1, format: 1, tokens: 10 };
  const run = syntheticRun({
    samples: QUESTIONS,
    points: ["0", "0.5", "1"].map((w) => ({ axes: { w }, behaviour })),
    references: {},
    benchmarks: ["sums"],
  });
  const problems: ProblemRecord[] = Array.from({ length: QUESTIONS }, (_, q) => ({
    benchmark: "sums",
    sample: nameOf(q),
    problem: HOSTILE[q - 8] ?? `What is $${q} + 1$?`,
    golds: [String(q + 1)],
    labels: { level: q < 6 ? "easy" : "hard" },
  }));
  return {
    ...run,
    problems,
    evaluated: run.evaluated.map(({ point, result }, p) => {
      const scores = problems.map(({ sample }, q) => scoreAt(sample, q, p));
      const texts = problems.map(({ sample }, q) => textAt(sample, q, p));
      return {
        ...evaluatedPoint(point, result, scores),
        texts: async function* () {
          yield await Promise.resolve(texts);
        },
      };
    }),
  };
}

function nameOf(q: number): string {
  return `sums-${String(q + 1).padStart(3, "0")}`;
}

function scoreAt(sample: string, q: number, p: number): ScoreRecord {
  const right = isRightAt(q, p);
  return scoreOf("sums", sample, 0, {
    accuracy: right ? 1 : 0,
    status: p === 2 && q === 11 ? "truncated" : right ? "correct" : "wrong",
    format: p === 2 ? 0 : 1,
    tokens: 30 - 10 * p + q,
    answer: String(right ? q + 1 : q),
    normal_forms: [String(q + 1), String(right ? q + 1 : q)],
    rule: right ? "exact-rational" : "none",
  });
}

function textAt(sample: string, q: number, p: number): SampleRecord {
  const answer = isRightAt(q, p) ? q + 1 : q;
  return {
    benchmark: "sums",
    sample,
    attempt: 0,
    seed: 0,
    prompt_sha256: "0".repeat(64),
    prefill: "",
    completion: HOSTILE[q - 8] ?? `${["Slowly", "Soon", "Now"][p]} the sum of ${q} and 1 is $\\boxed{${answer}}$.`,
    finish_reason: "stop",
    prompt_tokens: 5,
    completion_tokens: 30,
    thinking_tokens: null,
    milliseconds: 1,
  };
}

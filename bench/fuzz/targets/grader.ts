import { EXTRACTION_PROFILES } from "../../../src/scorers/accuracy/extract/extract.ts";
import { gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { seedsOf } from "../seeds.ts";

const ANSWERS = [
  "\\frac{1}{2}",
  "x^2+1",
  "(1,2)",
  "[0,\\infty)",
  "\\{1,2,3\\}",
  "2^{2019}\\sqrt{3}",
  "3:30 PM",
  "twenty-one",
  "0,111",
  "1{,}234",
  "x = 1 \\text{ or } x = 2",
  "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
  "|z-i| < 2",
  "(-\\infty,1)\\cup(2,3]",
  "x<1 \\text{ and } y\\ge 2",
  "50\\%",
  "5 \\text{ km/h}",
  "101_2",
  "\\binom{10}{3}\\cdot 7!",
  "\\sum_{k=1}^{10} k^2",
  "\\int_0^1 x\\,dx",
  "\\log_2 8",
  "\\overline{AB} = 5",
  "1:2:3",
  "0.\\overline{36}",
  "\\pm\\sqrt{5}",
  "y = 2x+1",
  "The answer is **180** km.",
  "So $x = 5$.\n\nFinal Answer: The final answer is $5$. I hope it is correct.",
  "\\boxed{12} and \\boxed{13}",
  "<think>\nHmm, 3? No.\n</think>\nSo \\boxed{\\frac{3}{4}}",
  "48/2 = 24.\n#### 72\n\nQuestion: Tim?\nAnswer: 5",
  "(B) because A is wrong",
  "因此答案为 **180** 元。",
  "She pays $5 + $13 = $18.",
  "<answer>7</answer>",
  "The solutions are x = -2 or x = 3.",
  "e^{i\\pi}+1",
  "\\sqrt[3]{7+5\\sqrt2}",
  "\\tan 45^\\circ",
  "A. 5",
];

/** Answers and whole completions, graded against one another in every mode and profile. */
export const grader: FuzzTarget = {
  name: "grader",
  inputs: 10_000,
  seeds: () => Promise.resolve(seedsOf(ANSWERS)),
  read(input, random) {
    const pred = new TextDecoder().decode(input);
    const gold = random() < 0.3 ? pred : (ANSWERS[Math.floor(random() * ANSWERS.length)] ?? "");
    const mode = (["answer", "response", "text"] as const)[Math.floor(random() * 3)];
    const profile = random() < 0.5 ? undefined : EXTRACTION_PROFILES[Math.floor(random() * EXTRACTION_PROFILES.length)];
    const choices = random() < 0.1 ? ["A", "B", "C", "D"] : undefined;
    const strict = random() < 0.9;
    return gradeAnswer({ gold, pred, mode, options: { profile, choices, strict } }).normalForms();
  },
};

/**
 * Worked examples for the few-shot templates. The problems are our own: they have the number, the shape and the difficulty
 * of the published prompts (eight worked word problems before GSM8K; four LaTeX problems with a closing sentence before
 * MATH and OCW courses) and none of their text, so scores are comparable in kind, not to the digit.
 */
interface Example {
  readonly problem: string;
  readonly solution: string;
  readonly answer: string;
}

const WORD_PROBLEMS: readonly Example[] = [
  {
    problem:
      "A library shelf holds 34 books. Readers borrow 9 of them and return 4. How many books are on the shelf now?",
    solution: "There were 34 books. After 9 were borrowed, 34 - 9 = 25 were left. After 4 came back, 25 + 4 = 29.",
    answer: "29",
  },
  {
    problem: "Nadia buys 6 notebooks at $3 each and a pen for $2. How many dollars does she spend?",
    solution: "The notebooks cost 6 * 3 = 18 dollars. With the pen she spends 18 + 2 = 20 dollars.",
    answer: "20",
  },
  {
    problem: "A baker makes 48 rolls and packs them in bags of 6. She sells 5 bags. How many bags are left?",
    solution: "She packs 48 / 6 = 8 bags. After selling 5, 8 - 5 = 3 bags are left.",
    answer: "3",
  },
  {
    problem: "Tomas is 7 years older than Ida. In 5 years Ida will be 16. How old is Tomas now?",
    solution: "Ida is 16 - 5 = 11 years old now. Tomas is 11 + 7 = 18.",
    answer: "18",
  },
  {
    problem:
      "A tank holds 90 litres and is one third full. A hose adds 12 litres a minute. How many minutes until it is full?",
    solution:
      "The tank has 90 / 3 = 30 litres, so 90 - 30 = 60 are missing. At 12 litres a minute that takes 60 / 12 = 5 minutes.",
    answer: "5",
  },
  {
    problem: "A jacket costs $80. It is sold at 25% off. How many dollars does it cost now?",
    solution: "25% of 80 is 80 * 25 / 100 = 20. The jacket costs 80 - 20 = 60 dollars.",
    answer: "60",
  },
  {
    problem:
      "Two trains leave a town in opposite directions at 40 and 55 miles per hour. How many miles apart are they after 2 hours?",
    solution: "Together they move apart 40 + 55 = 95 miles an hour. After 2 hours that is 95 * 2 = 190 miles.",
    answer: "190",
  },
  {
    problem:
      "Kim has twice as many stamps as Lou, and Lou has 14 more than Ray, who has 23. How many stamps does Kim have?",
    solution: "Lou has 23 + 14 = 37 stamps. Kim has 2 * 37 = 74.",
    answer: "74",
  },
];

const LATEX_PROBLEMS: readonly Example[] = [
  {
    problem: "Find the domain of the function $g(x) = \\sqrt{3x - 12}$. Express your answer in interval notation.",
    solution: "The radicand must not be negative: $3x - 12 \\ge 0$, so $x \\ge 4$. The domain is $[4,\\infty)$.",
    answer: "[4,\\infty)",
  },
  {
    problem: "If $A$ is a $2 \\times 2$ matrix with $\\det A = 5$, find $\\det (3A)$.",
    solution: "Multiplying a $2 \\times 2$ matrix by $3$ multiplies both rows, so $\\det(3A) = 3^2 \\cdot 5 = 45$.",
    answer: "45",
  },
  {
    problem: "Solve $x^2 - 4x + 1 = 0$ for the larger root.",
    solution: "Completing the square, $(x-2)^2 = 3$, so $x = 2 \\pm \\sqrt{3}$. The larger root is $2+\\sqrt{3}$.",
    answer: "2+\\sqrt{3}",
  },
  {
    problem:
      "A block of mass $2$ kg moves at $3$ m/s. What fraction of its kinetic energy is lost if it slows to $2$ m/s?",
    solution:
      "Kinetic energy goes with the square of the speed, so $\\frac{4}{9}$ of it is left and " +
      "$1 - \\frac{4}{9} = \\frac{5}{9}$ is lost.",
    answer: "\\frac{5}{9}",
  },
];

/** `Question: ... Answer: ... #### N`, eight times, then the problem. */
export const GSM8K_EIGHT_SHOT: string = [
  ...WORD_PROBLEMS.map(({ problem, solution, answer }) => `Question: ${problem}\nAnswer: ${solution}\n#### ${answer}`),
  "Question: {problem}\nAnswer:",
].join("\n\n");

/** `Problem: ... Solution: ... Final Answer: The final answer is $...$. I hope it is correct.`, four times, then the problem. */
export const MINERVA_FOUR_SHOT: string = [
  ...LATEX_PROBLEMS.map(
    ({ problem, solution, answer }) =>
      `Problem:\n${problem}\n\nSolution:\n${solution}\nFinal Answer: The final answer is $${answer}$. I hope it is correct.`,
  ),
  "Problem:\n{problem}\n\nSolution:",
].join("\n\n");

import { expect, test } from "vitest";
import { gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";

/** By the rule of reading that they need: equal pairs as `a ~ b`, unequal ones as `a # b`. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  "fractions between their arguments": [
    "1 \\over 3 ~ \\frac13",
    "{1 \\over 3}x ~ x/3",
    "{5 \\choose 2} ~ 10",
    "C(5,2) ~ \\binom{5}{2}",
    "\\binom{5}{2} # \\binom{5}{1}",
  ],
  "decimals that go on": [
    "0.\\bar{3} ~ 1/3",
    "0.1\\dot{6} ~ 1/6",
    "0.333... ~ \\frac13",
    "0.142857142857\\ldots ~ 1/7",
    "0.333 # 1/3",
    "0.1\\overline{6} # 0.16",
  ],
  "numbers with words": [
    "1.5 million ~ 1,500,000",
    "\\$3 \\text{ billion} ~ 3\\times 10^9",
    "21^{\\text{st}} ~ 21",
    "2 million # 2",
  ],
  currencies: ["₹1000 ~ 1000", "¥1,000 ~ 1000", "1000 USD ~ 1000", "7 dollars # 7 cents"],
  units: [
    "50 \\text{ km/h} ~ 50 \\frac{\\text{km}}{\\text{h}}",
    "9.8 m/s^2 ~ 9.8 \\text{ m s}^{-2}",
    "5 \\text{ m/s} ~ 5 meters per second",
    "50 km/h ~ 50",
    "20个 ~ 20",
    "5 \\text{ m/s} # 5 \\text{ km/h}",
    "20 \\text{ cm}^2 # 20 \\text{ cm}^3",
  ],
  "what only changes the looks": [
    "**42** ~ 42",
    '"42" ~ 42',
    "\\Large 42 ~ 42",
    "\\phantom{-}5 ~ 5",
    "x^{\\prime} ~ x'",
    "x₁² ~ x_1^2",
  ],
  "digits and letters of other scripts": ["٤٢ ~ 42", "四 # 4", "𝑥+𝟏 ~ x+1", "√(2)⁄2 ~ \\frac{\\sqrt2}{2}"],
  percent: ["25% ~ \\frac14", "12\\frac12\\% ~ 0.125", "0.25\\% # 0.25%1", "0.3 # 3\\%"],
  "points and sets of one": [
    "A(1,2) ~ (1,2)",
    "\\{(1,2)\\} ~ (1,2)",
    "A(1,2) # (2,1)",
    "\\{(1,2)\\} # \\{1,2\\}",
    "\\text{empty set} ~ \\emptyset",
  ],
  ratios: ["3:4 ~ 6:8", "1:2:3 ~ 2:4:6", "3 \\text{ to } 4 ~ 3:4", "1:2:3 # 1:3:2", "3:4 # 4:3"],
  magnitudes: ["|x|<2 ~ (-2,2)", "|2x-1| \\ge 3 ~ x \\le -1 \\text{ or } x \\ge 2", "|x|<2 # x<2", "|x|>2 # |x|<2"],
  "inequalities that hold at once": [
    "x>2 \\text{ and } x<5 ~ 2<x<5",
    "x>2, x<5 ~ (2,5)",
    "x<2 \\text{ or } x>5 # (2,5)",
  ],
  congruences: ["x \\equiv 3 \\pmod 7 ~ x \\equiv 10 \\pmod{7}", "x \\equiv 3 \\pmod 7 # x \\equiv 3 \\pmod 5"],
  "sums over any index": [
    "\\sum_{i=1}^{5} i^2 ~ 55",
    "\\sum_{i=1}^n i ~ \\sum_{k=1}^n k",
    "\\sum_{i=1}^5 i # \\sum_{i=1}^4 i",
  ],
  "matrix arithmetic": [
    "\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix} ~ -2",
    "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1} ~ \\begin{pmatrix}-2&1\\\\3/2&-1/2\\end{pmatrix}",
    "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^2 ~ \\begin{pmatrix}7&10\\\\15&22\\end{pmatrix}",
    "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^T # \\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
  ],
  "signs count in formulas, not in words": ["i # -i", "n! # n", "x # -x", "well-known ~ \\text{Well known}"],
  "words in a row": ["\\text{red, blue} ~ blue, red", "\\text{red, blue} # red"],
  times: ["5:30 \\text{ PM} ~ 5:30 p.m.", "5:30 PM # 5:30 AM", "5:30 # 5:03"],
  bases: ["(1011)_2 ~ 1011_{\\text{two}}", "1A_{16} ~ (1A)_{16}", "1011_2 # 1011_3"],
  systems: [
    "\\begin{cases} x=2 \\\\ y=-1 \\end{cases} ~ x=2, y=-1",
    "\\left\\{\\begin{array}{l}x=2 \\\\ y=-1\\end{array}\\right. ~ (2,-1)",
    "\\begin{cases} x=2 \\\\ y=-1 \\end{cases} # (2,1)",
  ],
  "sets by a condition": [
    "\\{x \\in \\mathbb{R} : x \\ne 1\\} ~ x \\ne 1",
    "\\{2k \\mid k \\in \\mathbb{Z}\\} ~ \\{2k : k \\in \\mathbb{Z}\\}",
    "x \\ne \\pm 1 ~ x \\ne 1, -1",
    "x \\ne \\pm 1 # x \\ne 1",
  ],
  "intervals with outward brackets": ["]-1, \\infty[ ~ (-1,\\infty)", "[0,1[ ~ [0,1)", "]0,1] # [0,1]"],
  "letters with what they stand for": [
    "C ~ (C) 45",
    "\\text{(D) } 12 ~ D",
    "C ~ Option C",
    "C # (D) 45",
    "(C) 45 # (C) 46",
  ],
  "names set upright": ["\\mathrm{e}^2 ~ e^2", "2\\mathrm{i} ~ 2i", "2\\mathrm{i} # 2"],
  "roots of products": ["\\sqrt{ab} ~ \\sqrt{a}\\sqrt{b}", "\\sqrt{x^2} # x"],
  identities: ["x^2-4 ~ (x-2)(x+2)=x^2-4", "x^2-4 # (x-2)(x+3)=x^2-4"],
  "a base where none is asked for": ["7 ~ 7_8", "11 # 12_8"],
  "numbers beside words": [
    "12 \\text{ feet} # 1.2 \\text{ feet}",
    "495 cookies # 4.95 cookies",
    "-3 cookies # 3 cookies",
    "x-axis ~ \\text{x-axis}",
  ],
  "prose is no product": ["\\sin x \\text{ for } 0<x # \\cos x \\text{ for } 0<x", "\\sin x for 0<x # \\cos x for 0<x"],
  "statements with a wide space between": ["x=1 \\quad y=2 ~ x=1, y=2", "x=1 \\quad y=2 # x=3 \\quad y=2"],
  "brackets of two kinds": ["(1,2,4] # (1,2,4)", "[1,2,4] ~ (1,2,4)"],
  "constants without a name": ["x^2 + C ~ x^2 + K", "y = C_1 e^x ~ y = c_1 e^x", "x^2 + C # x^3 + C"],
  "rows and columns": ["(1,-2)^T ~ \\begin{pmatrix} 1 \\\\ -2 \\end{pmatrix}", "\\langle 1, 2 \\rangle ~ (1,2)"],
  "notation of other countries": [
    "\\operatorname{tg} 2 ~ \\tan 2",
    "\\operatorname{arcctg} x ~ \\cot^{-1} x",
    "C_{10}^{3} ~ 120",
    "A_{5}^{2} ~ 20",
    "3,14 ~ 3.14",
    "1,234 # 1.234",
    "(0;1) ~ (0,1)",
    "0.1(6) ~ 1/6",
  ],
  "no is a word": ["\\text{no solutions} ~ No solution", "\\text{no solution} # \\text{one solution}"],
  "bases in words": [
    "1101_2 ~ 1101 \\text{ (base 2)}",
    "1101_{\\text{base }2} ~ 1101_2",
    "1101_2 # 1101 \\text{ (base 3)}",
  ],
  "determinants between bars": ["\\left|\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right| ~ -2"],
  "signs set in braces": ["9{:}00 ~ 9:00", "x{=}5 ~ 5"],
  "words that join inside of text": [
    "\\text{A, B, and D} ~ A, B, D",
    "2 \\text{ hours and } 30 \\text{ minutes} ~ 2 hours and 30 minutes",
  ],
  articles: [
    "\\text{square} ~ a square",
    "\\text{The function is odd} ~ the function is odd",
    "\\text{typical} # atypical",
  ],
  "what is asked for on the left": ["\\frac{d}{dx}x^2 = 2x ~ 2x", "1+3+\\ldots+(2n-1) = n^2 ~ n^2"],
  "small functions": ["\\gcd(12,18) ~ 6", "\\text{lcm}(4,6) # 24", "7!! ~ 105"],
};

const PAIRS = Object.entries(RULES).flatMap(([rule, pairs]) =>
  pairs.map((pair) => {
    const [gold = "", equal = "", pred = ""] = pair.split(/ ([~#]) /);
    return [rule, gold, equal === "~" ? "is" : "is not", pred] as const;
  }),
);

test.each(PAIRS)("%s: %j %s %j, either way round", (_rule, a, relation, b) => {
  const equal = relation === "is";
  expect([gradeAnswer({ gold: a, pred: b }).correct, gradeAnswer({ gold: b, pred: a }).correct]).toEqual([
    equal,
    equal,
  ]);
});

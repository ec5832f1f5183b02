import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  integer,
  letrec,
  oneof,
  property,
  record,
  string,
  tuple,
} from "fast-check";
import { expect, test } from "vitest";
import { answerClasses } from "../../../src/scorers/accuracy/answer-classes.ts";
import { gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";

const same = (gold: string, pred: string): boolean => gradeAnswer({ gold, pred }).correct;

/** Ways to write n/d. */
function writings(n: number, d: number, k: number): string[] {
  const sign = n < 0 ? "-" : "";
  const a = Math.abs(n);
  return [
    `${n}/${d}`,
    `\\frac{${n}}{${d}}`,
    `\\dfrac{${n * k}}{${d * k}}`,
    `${sign}\\frac{${a}}{${d}}`,
    `$${sign}\\tfrac{${a}}{${d}}$`,
    `x = ${n} \\div ${d}`,
    `\\left(${n}\\right)/${d}`,
    `\\boxed{\\frac{${-n}}{${-d}}}`,
    ...(a > d && a % d !== 0
      ? [`${sign}${Math.floor(a / d)}\\frac{${a % d}}{${d}}`, `${sign}${Math.floor(a / d)} ${a % d}/${d}`]
      : []),
  ];
}

const fraction = record({
  n: integer({ min: -9999, max: 9999 }),
  d: integer({ min: 2, max: 999 }),
  k: integer({ min: 2, max: 50 }),
});

test("a fraction is equal to itself in every writing", () => {
  assert(
    property(fraction, ({ n, d, k }) => {
      const all = writings(n, d, k);
      for (const pred of all) expect([pred, same(`\\frac{${n}}{${d}}`, pred)]).toEqual([pred, true]);
    }),
    { numRuns: 100 },
  );
});

test("a numerator that is off by one is never equal", () => {
  assert(
    property(fraction, ({ n, d, k }) => {
      for (const pred of writings(n + 1, d, k)) expect([pred, same(`\\frac{${n}}{${d}}`, pred)]).toEqual([pred, false]);
    }),
    { numRuns: 100 },
  );
});

test("integers are equal with and without thousands separators, and to nothing else", () => {
  assert(
    property(integer({ min: 1000, max: 999_999_999 }), (n) => {
      const grouped = n.toLocaleString("en-US");
      for (const pred of [
        grouped,
        grouped.replaceAll(",", "{,}"),
        grouped.replaceAll(",", "\\,"),
        grouped.replaceAll(",", ",\\!"),
        `\\$${grouped}`,
        `${n}.0`,
        `${grouped} people`,
      ]) {
        expect([pred, same(String(n), pred)]).toEqual([pred, true]);
        expect([pred, same(String(n + 1), pred)]).toEqual([pred, false]);
      }
    }),
    { numRuns: 100 },
  );
});

test("a polynomial is equal to its factors, and not after any coefficient has changed", () => {
  const root = integer({ min: -20, max: 20 });
  assert(
    property(root, root, integer({ min: 1, max: 9 }), (p, q, change) => {
      const gold = `x^2 - (${p + q}) x + ${p * q}`.replace("+ -", "- ");
      expect(same(gold, `(x-(${p}))(x-(${q}))`)).toBe(true);
      expect(same(gold, `(x-(${p}))(x-(${q})) + ${change}`)).toBe(false);
    }),
    { numRuns: 100 },
  );
});

type Written = Record<
  "leaf" | "expression" | "interval" | "list" | "equation" | "inequality" | "matrix" | "answer",
  string
>;

/** Expressions, equations, intervals, lists and matrices as LaTeX. */
const { answer } = letrec<Written>((tie) => {
  const of = (...kinds: (keyof Written)[]): Arbitrary<string> => oneof(...kinds.map((kind) => tie(kind)));
  const pair = (make: (a: string, b: string) => string): Arbitrary<string> =>
    tuple(tie("expression"), tie("expression")).map(([a, b]) => make(a, b));
  return {
    leaf: oneof(
      integer({ min: 0, max: 9999 }).map(String),
      constantFrom("x", "y", "n", "\\pi", "0.25", "x_1", "\\theta"),
    ),
    expression: oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("leaf"),
      pair((a, b) => `${a} + ${b}`),
      pair((a, b) => `\\left(${a}\\right)\\left(${b}\\right)`),
      pair((a, b) => `\\frac{${a}}{1+(${b})^2}`),
      pair((a, b) => `(${a}) - (${b})`),
      pair((a) => `\\sqrt{(${a})^2+1}`),
      pair((a) => `\\sin(${a})`),
    ),
    interval: pair((a, b) => `[${a}, ${b})`),
    list: pair((a, b) => `\\{${a}, ${b}\\}`),
    equation: pair((a, b) => `${a} = ${b}`),
    inequality: pair((a) => `x \\le ${a}`),
    matrix: pair((a, b) => `\\begin{pmatrix} ${a} & 1 \\\\ ${b} & 2 \\end{pmatrix}`),
    answer: of("expression", "interval", "list", "equation", "inequality", "matrix"),
  };
});

test("every answer is equal to itself, in a box and in a sentence too", () => {
  assert(
    property(answer, (text) => {
      const grade = (pred: string, mode: "answer" | "response"): boolean =>
        gradeAnswer({ gold: text, pred, mode }).correct;
      expect([text, grade(text, "answer"), grade(`So \\boxed{${text}}.`, "response")]).toEqual([text, true, true]);
    }),
    { numRuns: 300 },
  );
});

test("which side is the gold makes no difference to expressions, lists and matrices", () => {
  assert(
    property(answer, answer, (a, b) => {
      // An inequality may answer an interval, and the last of a chain an expression, one way round.
      if (/=|\\le/.test(a + b)) return;
      expect([a, b, same(a, b)]).toEqual([a, b, same(b, a)]);
    }),
    { numRuns: 300 },
  );
});

test("arbitrary text is graded without an exception", () => {
  assert(
    property(string({ unit: "binary", maxLength: 60 }), string({ maxLength: 60 }), (a, b) => {
      expect(typeof same(a, b)).toBe("boolean");
    }),
    { numRuns: 300 },
  );
  const pieces = constantFrom(
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "1",
    "x",
    "^",
    "_",
    ",",
    "=",
    "<",
    "\\sqrt",
    "\\pm",
    "|",
    "\\{",
    "\\}",
    "\\cup",
    " ",
    "\\text{a}",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "&",
    "\\\\",
    "%",
    "!",
    "\\sum",
    "-",
    "$",
  );
  assert(
    property(array(pieces, { maxLength: 25 }), (parts) => {
      const text = parts.join("");
      expect(typeof same(text, "1")).toBe("boolean");
      expect(typeof same(text, text)).toBe("boolean");
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["\\frac{1}{2004!}", "\\frac{1}{2006!}"],
  ["x^2+4x+20=0", "x^2-4x+20=0"],
  ["40_9", "40_{10}"],
  ["20 cm", "20 m"],
  ["42", "4 2"],
  ["(1,2)", "(2,1)"],
  ["(0,9)", "[0,9)"],
  ["x = 3", "y = 3"],
  ["f(x)", "f(y)"],
  ["\\pm 2021", "2021"],
  ["x \\le 13", "x < 13"],
  ["3.14159", "\\pi"],
])("%j is not %j", (gold, pred) => {
  expect(same(gold, pred)).toBe(false);
});

test.each([
  ["5.3e3", "5.3 \\times 10^{3}", "exact-rational"],
  ["\\{1\\pm\\sqrt{5},-2\\}", "-2, 1-\\sqrt5, 1+\\sqrt5", "list"],
  ["(-\\infty, 3]", "x \\le 3", "interval"],
  ["x > 4", "2x > 8", "interval"],
  ["0.\\overline{36}", "\\frac{4}{11}", "exact-rational"],
  ["y = 2x + 3", "2x - y + 3 = 0", "equation"],
  ["\\ln 2", "\\log_e 2", "numeric"],
  ["12 \\text{ cm}^2", "12 square centimeters", "exact-rational"],
  ["25\\%", "0.25", "percent"],
  ["10", "10\\%", "percent-face"],
  ["(x-2)(x+2)", "x² − 4", "points"],
])("%j is %j by the rule %s", (gold, pred, rule) => {
  expect(gradeAnswer({ gold, pred })).toMatchObject({ correct: true, status: "correct", rule });
});

test("equivalent answers fall into one class", () => {
  expect(answerClasses(["\\frac12", null, "0.5", "2", "1/2", "x=2"])).toEqual([0, null, 0, 1, 0, 1]);
});

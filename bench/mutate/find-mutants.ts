import { parseSync } from "oxc-parser";
import { isRecord } from "../../src/base/is-record.ts";

/** One small change of a source text that a test should notice. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly original: string;
  readonly replacement: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const SWAPS = new Map(
  Object.entries({
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "*",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "===": "!==",
    "!==": "===",
    "&&": "||",
    "||": "&&",
    "??": "&&",
    "+=": "-=",
    "-=": "+=",
    "*=": "/=",
  }),
);
const CALLS = new Map(Object.entries({ min: "max", max: "min", some: "every", every: "some" }));

/**
 * The mutants of a source file: operators, conditions, constants and names in quotes exchanged, calls for their effect left
 * out. Prose (texts with a space) is left alone: whole outputs are compared elsewhere, and wording is no behaviour.
 */
export function findMutants(file: string, text: string): Mutant[] {
  const mutants: Mutant[] = [];
  const add = (node: { start: number; end: number }, replacement: string): void => {
    const original = text.slice(node.start, node.end);
    const line = text.slice(0, node.start).split("\n").length;
    mutants.push({ file, line, start: node.start, end: node.end, original, replacement });
  };
  visit(parseSync(file, text).program, (node) => {
    for (const [place, replacement] of changesOf(node, text)) add(place, replacement);
  });
  return mutants;
}

type Change = readonly [place: { start: number; end: number }, replacement: string];

function changesOf(node: Node, text: string): Change[] {
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression":
    case "AssignmentExpression":
      return swapOperator(node, text);
    case "UnaryExpression": {
      const { operator, argument } = node;
      if ((operator !== "!" && operator !== "-") || !isNode(argument)) return [];
      return [[node, text.slice(argument.start, argument.end)]];
    }
    case "IfStatement":
    case "ConditionalExpression": {
      const { test } = node;
      return isNode(test) ? [[test, `!(${text.slice(test.start, test.end)})`]] : [];
    }
    case "Literal":
      return changeLiteral(node);
    case "MemberExpression": {
      const { property, computed } = node;
      if (computed === true || !isNode(property)) return [];
      const other = CALLS.get(text.slice(property.start, property.end));
      return other === undefined ? [] : [[property, other]];
    }
    case "ExpressionStatement": {
      const { expression } = node;
      return isNode(expression) && expression.type === "CallExpression" ? [[node, ";"]] : [];
    }
    default:
      return [];
  }
}

function swapOperator(node: Node, text: string): Change[] {
  const { operator, left, right } = node;
  if (typeof operator !== "string" || !isNode(left) || !isNode(right)) return [];
  const other = SWAPS.get(operator);
  const joins = (side: Node): boolean => typeof side.value === "string" || side.type === "TemplateLiteral";
  if (other === undefined || (operator === "+" && (joins(left) || joins(right)))) return [];
  const from = left.end + text.slice(left.end, right.start).indexOf(operator);
  return [[{ start: from, end: from + operator.length }, other]];
}

function changeLiteral(node: Node): Change[] {
  const { value } = node;
  if (typeof value === "number") return [[node, value === 0 ? "1" : value === 1 ? "0" : `(${String(node.raw)} + 1)`]];
  if (typeof value === "boolean") return [[node, String(!value)]];
  return typeof value === "string" && value !== "" && !value.includes(" ") ? [[node, '""']] : [];
}

/** Types have no behaviour, and what is imported is no constant. */
const SKIPPED = /^(TS(?!AsExpression|SatisfiesExpression|NonNullExpression)|Import|Export(All|Named)Declaration$)/;

function visit(value: unknown, look: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const entry of value) visit(entry, look);
    return;
  }
  if (!isNode(value)) return;
  if (SKIPPED.test(value.type)) {
    if (isNode(value.declaration)) visit(value.declaration, look);
    return;
  }
  look(value);
  for (const [field, child] of Object.entries(value)) {
    const isKey = field === "key" && value.computed !== true;
    if (!isKey && !/[tT]ypeAnnotation|typeArguments|typeParameters|returnType/.test(field)) visit(child, look);
  }
}

function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value.type === "string" && typeof value.start === "number";
}

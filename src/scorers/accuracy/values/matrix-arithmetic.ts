import type { Answer, ExpressionAnswer } from "./answer.ts";
import { type Node, numberNode } from "./nodes.ts";

/** The cells of a matrix, row by row. */
export type Rows = readonly (readonly Answer[])[];

/** Largest determinant that is expanded, and largest product that is multiplied out. */
const MAX_SIZE = 5;

/** A matrix to the power of T, -1 or a small whole number. */
export function raise(rows: Rows, exponent: string): Answer | undefined {
  const matrix: Answer = { kind: "matrix", text: "", rows };
  if (exponent === "1") return matrix;
  if (exponent === "T" || exponent === "\\top") return { ...matrix, rows: transpose(rows) };
  if (exponent === "-1") return inverse(rows);
  if (!/^[2-9]$/.test(exponent)) return undefined;
  let power: Answer | undefined = matrix;
  for (let i = 1; i < Number(exponent) && power?.kind === "matrix"; i++) power = multiply(power.rows, rows);
  return power;
}

/** A node as an answer. */
export function expression(node: Node): ExpressionAnswer {
  return { kind: "expression", text: "", node, unit: "", percent: false };
}

function transpose(rows: Rows): Rows {
  return (rows[0] ?? []).map((_cell, j) =>
    rows.map((row, i) => row[j] ?? { kind: "opaque", text: `missing ${i},${j}` }),
  );
}

/** a + b of two matrices of one shape, or of two numbers. */
export function sum(a: Answer, b: Answer): Answer | undefined {
  if (a.kind === "expression" && b.kind === "expression") return expression({ kind: "add", args: [a.node, b.node] });
  if (a.kind !== "matrix" || b.kind !== "matrix" || a.rows.length !== b.rows.length) return undefined;
  if (a.rows.some((row, i) => row.length !== b.rows[i]?.length)) return undefined;
  const one = expression(numberNode(1n));
  return {
    kind: "matrix",
    text: "",
    rows: a.rows.map((row, i) =>
      row.map((cell, j) =>
        combine([
          [one, cell],
          [one, b.rows[i]?.[j] ?? cell],
        ]),
      ),
    ),
  };
}

/** The product of two matrices. */
export function multiply(a: Rows, b: Rows): Answer | undefined {
  if (a.some((row) => row.length !== b.length) || b.length > MAX_SIZE * 3) return undefined;
  return {
    kind: "matrix",
    text: "",
    rows: a.map((row) => (b[0] ?? []).map((_cell, j) => combine(row.map((cell, k) => [cell, b[k]?.[j] ?? cell])))),
  };
}

/** The sum of products of cells, as an expression. */
export function combine(products: readonly (readonly [Answer, Answer])[]): Answer {
  const args = products.map(([a, b]): Node | undefined =>
    a.kind === "expression" && b.kind === "expression" ? { kind: "mul", args: [a.node, b.node] } : undefined,
  );
  const known = args.filter((arg) => arg !== undefined);
  if (known.length < args.length)
    return {
      kind: "opaque",
      text: products
        .flat()
        .map((cell) => cell.text)
        .join("*"),
    };
  return expression({ kind: "add", args: [numberNode(0n), ...known] });
}

/** The determinant of a square matrix that is not too large. */
export function determinant(rows: Rows): Answer | undefined {
  const cells = squareOf(rows);
  return cells === undefined ? undefined : expression(expand(cells));
}

/** The adjugate over the determinant; undefined cells where that is 0. */
function inverse(rows: Rows): Answer | undefined {
  const cells = squareOf(rows);
  if (cells === undefined) return undefined;
  const under = expand(cells);
  const inverted = cells.map((_row, i) =>
    cells.map((_cell, j) => {
      const minor = expand(without(cells, j).map((row) => without(row, i)));
      return expression({ kind: "div", over: (i + j) % 2 === 0 ? minor : { kind: "neg", of: minor }, under });
    }),
  );
  return { kind: "matrix", text: "", rows: inverted };
}

/** The cells of a square matrix of expressions that is not too large. */
function squareOf(rows: Rows): Node[][] | undefined {
  const cells = rows.map((row) => row.flatMap((cell) => (cell.kind === "expression" ? [cell.node] : [])));
  return rows.length <= MAX_SIZE && cells.every((row) => row.length === rows.length) ? cells : undefined;
}

/** Laplace's expansion along the first row. */
function expand(cells: readonly (readonly Node[])[]): Node {
  const [top, ...rest] = cells;
  const [only] = top ?? [];
  if (top === undefined || only === undefined) return numberNode(1n);
  if (rest.length === 0) return only;
  const args = top.map((cell, j): Node => {
    const product: Node = { kind: "mul", args: [cell, expand(rest.map((row) => without(row, j)))] };
    return j % 2 === 0 ? product : { kind: "neg", of: product };
  });
  return { kind: "add", args };
}

function without<T>(items: readonly T[], index: number): T[] {
  return items.filter((_item, i) => i !== index);
}

import { type Answer, compactText } from "../values/answer.ts";
import { variablesOf } from "../values/nodes.ts";
import type { ReadPart } from "./read-part.ts";
import { closing, splitAt } from "./split-tokens.ts";
import type { Token } from "./token.ts";

/** `A(1, 2)` as `A = (1, 2)`. `C(5, 2)` is a binomial. */
export function readNamedPoint(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const [name, open] = tokens;
  if (name?.kind !== "sym" || !/^[ABD-Z]$/.test(name.text) || open?.text !== "(") return undefined;
  const point = readBracketed(tokens.slice(1), text, read);
  if (point?.kind !== "tuple" || !point.items.every(isNumber)) return undefined;
  return { kind: "chain", text, terms: [read([name]), point], relations: ["="] };
}

function isNumber(answer: Answer): boolean {
  return answer.kind === "expression" && variablesOf(answer.node).size === 0;
}

/** `1:2:3`, kept as what each term is to the first; of two terms, `1:2`, a quotient is enough. */
export function readRatio(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const parts = splitAt(tokens, (token) => token.kind === "op" && token.text === ":");
  if (parts.length < 3) return undefined;
  const terms = parts.map((part) => read(part));
  const under = terms[0];
  const items = terms.map((term): Answer => {
    if (term.kind !== "expression" || under?.kind !== "expression") return term;
    return { ...term, text: "", node: { kind: "div", over: term.node, under: under.node } };
  });
  return { kind: "tuple", text, items, open: ":", close: ":" };
}

const BAR: Token = { kind: "op", text: "|", spaced: true };

/** Where the `|` or `:` of `{x | x > 1}` stands: what follows states a relation. -1 for a set whose members are listed. */
function builderBar(content: readonly Token[]): number {
  let depth = 0;
  for (const [i, token] of content.entries()) {
    if (token.kind === "open") depth++;
    else if (token.kind === "close") depth--;
    const bar = depth === 0 && i > 0 && token.kind === "op" && (token.text === "|" || token.text === ":");
    if (bar && content.slice(i).some((next) => next.kind === "rel")) return i;
  }
  return -1;
}

/** Whether the condition of a set says all of it: inequalities and exclusions, or another set. */
function isCondition(answer: Answer): boolean {
  if (answer.kind === "union" || answer.kind === "tuple") return true;
  if (answer.kind === "list") return !answer.braces && answer.items.every((item) => item.kind === "chain");
  return answer.kind === "chain" && answer.relations.every((relation) => /^[<>]|!=/.test(relation));
}

/** Whether what stands before the bar says that the members are whole numbers or fractions: `x \in \mathbb{Z}`. */
function isDiscrete(head: readonly Token[]): boolean {
  return head.some((token) => token.text === "in") && !/\\[RC]$/.test(compactText(head));
}

/** `\begin{cases} x = 1 \\ y = 2 \end{cases}`: its rows, with their conditions if there are any. */
export function readCases(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const [first] = tokens;
  if (first?.kind !== "begin" || first.text !== "cases" || closing(tokens, 0) !== tokens.length - 1) return undefined;
  const rows = splitAt(tokens.slice(1, -1), (token) => token.kind === "row");
  const items = rows.map((row): Answer => {
    const cells = splitAt(row, (token) => token.kind === "cell").map((cell) => read(cell));
    const [only] = cells.length === 1 ? cells : [];
    return only ?? { kind: "tuple", text: compactText(row), items: cells, open: "(", close: ")" };
  });
  return { kind: "list", text, items, braces: false, all: true };
}

/** Sets, points, intervals, and what stands in brackets that only group. */
export function readBracketed(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const [first, last] = [tokens[0], tokens.at(-1)];
  if (first?.kind !== "open" || last?.kind !== "close" || closing(tokens, 0) !== tokens.length - 1) return undefined;
  const content = tokens.slice(1, -1);
  if (first.text === "\\{") {
    const bar = builderBar(content);
    if (bar > 0) {
      const condition = read(content.slice(bar + 1));
      return isCondition(condition) && !isDiscrete(content.slice(0, bar))
        ? condition
        : { kind: "opaque", text: compactText([...tokens.slice(0, bar + 1), BAR, ...tokens.slice(bar + 2)]) };
    }
    const items = content.length === 0 ? [] : read(content);
    if (Array.isArray(items)) return { kind: "list", text, items, braces: true };
    return items.kind === "list" && !items.braces
      ? { ...items, text, braces: true }
      : { kind: "list", text, items: [items], braces: true };
  }
  if (first.text !== "(" && first.text !== "[") return undefined;
  const parts = splitAt(content, (token) => token.kind === "sep");
  if (parts.length >= 2) {
    return {
      kind: "tuple",
      text,
      items: parts.map((part) => read(part)),
      open: first.text,
      close: last.text,
    };
  }
  if (first.text === "[" && content.some((token) => token.kind === "open")) {
    return { kind: "tuple", text, items: [read(content)], open: "[", close: last.text };
  }
  const inside = read(content);
  const scalar = inside.kind === "expression" && inside.unit === "" && !inside.percent;
  return scalar || inside.kind === "opaque" ? undefined : inside;
}

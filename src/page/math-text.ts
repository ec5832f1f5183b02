import { render } from "katex";
import { withHiddenNamed } from "../base/visible.ts";
import { h } from "./dom.ts";

/** Letters of one formula that are rendered; longer ones are shown as they are written. */
const LONGEST_FORMULA = 2000;

const FORMULA =
  /\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\]|\\\(([\s\S]+?)\\\)|\$([^$\n]+?)\$|(\\boxed\{(?:[^{}]|\{[^{}]*\})*\})/g;

/** A text with its formulas rendered as MathML, which browsers draw with their own fonts and read aloud. */
export function mathText(text: string): Node[] {
  const nodes: Node[] = [];
  let last = 0;
  const plain = (end: number): void => {
    if (end > last) nodes.push(document.createTextNode(withHiddenNamed(text.slice(last, end))));
  };
  for (const match of text.matchAll(FORMULA)) {
    const [whole, display, bracketed, inline, dollar, boxed] = match;
    const formula = display ?? bracketed ?? inline ?? dollar ?? boxed ?? "";
    if (formula.length > LONGEST_FORMULA) continue;
    plain(match.index);
    nodes.push(rendered(formula, whole, display !== undefined || bracketed !== undefined));
    last = match.index + whole.length;
  }
  plain(text.length);
  return nodes;
}

function rendered(formula: string, source: string, display: boolean): Node {
  const place = h("span", { class: display ? "formula display" : "formula" });
  try {
    render(formula, place, {
      output: "mathml",
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxExpand: 100,
      maxSize: 20,
    });
    return place;
  } catch {
    return document.createTextNode(withHiddenNamed(source));
  }
}

import { type Answer, compactText } from "../values/answer.ts";
import type { ReadPart } from "./read-part.ts";
import { splitAt } from "./split-tokens.ts";
import type { Token } from "./token.ts";

const STRONG: ReadonlySet<string> = new Set([";", "or"]);

/** Several answers: parted by commas, semicolons, "and", "or". */
export function readList(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const strong = strongParts(tokens);
  const parts = withoutDomains(strong.map((part) => splitAt(part, (token) => token.kind === "sep")));
  const [only] = parts.length === 1 && parts[0]?.length === 1 ? parts[0] : [];
  if (only !== undefined && only.length < tokens.length) return read(only);
  if (parts.length === 1 && (parts[0]?.length ?? 0) < 2) return undefined;
  const width = parts[0]?.length ?? 1;
  const items =
    parts.length > 1 && width > 1 && parts.every((part) => part.length === width)
      ? parts.map(
          (part, i): Answer => ({
            kind: "tuple",
            text: compactText(strong[i] ?? []),
            items: part.map(read),
            open: "(",
            close: ")",
          }),
        )
      : parts.flat().map(read);
  // The signs of `\pm` make a list in a list.
  return {
    kind: "list",
    text,
    items: exclusions(items.flatMap((item) => (item.kind === "list" && !item.braces ? item.items : [item]))),
    braces: false,
    all: isConjunction(tokens),
  };
}

/** `x \ne 1, -1` excludes both. */
function exclusions(items: readonly Answer[]): readonly Answer[] {
  const [first, ...rest] = items;
  if (first?.kind !== "chain" || first.relations.join() !== "!=") return items;
  const [name] = first.terms;
  if (name === undefined) return items;
  return [first, ...rest.map((item) => (item.kind === "chain" ? item : { ...first, text: "", terms: [name, item] }))];
}

/** Whether the parts are joined by "and" only. */
function isConjunction(tokens: readonly Token[]): boolean {
  let [found, only] = [false, true];
  splitAt(tokens, (token) => {
    if (token.kind !== "sep") return false;
    found ||= token.text === "and";
    only &&= token.text === "and";
    return false;
  });
  return found && only;
}

/** `a \pm b` as a + b and a - b; all signs of one answer change together. */
export function expandSigns(tokens: readonly Token[]): (readonly Token[])[] | undefined {
  // Inside of set braces the signs make members of that set.
  let sets = 0;
  const found = tokens.some((token) => {
    if (token.text === "\\{") sets++;
    else if (token.text === "\\}") sets--;
    return sets === 0 && token.kind === "op" && (token.text === "pm" || token.text === "mp");
  });
  if (!found) return undefined;
  return ["+", "-"].map((sign) =>
    tokens.map((token) =>
      token.kind !== "op" || (token.text !== "pm" && token.text !== "mp")
        ? token
        : { ...token, text: token.text === "pm" ? sign : sign === "+" ? "-" : "+" },
    ),
  );
}

/** `2k\\pi, k \\in \\mathbb{Z}`: the domain of a parameter is no member of the list. */
function withoutDomains(parts: readonly (readonly Token[][])[]): (readonly Token[][])[] {
  const kept = parts.map((part) =>
    part.filter(
      (item) => !(item.length === 3 && item[0]?.kind === "sym" && item[1]?.text === "in" && item[2]?.kind === "cmd"),
    ),
  );
  return kept.some((part) => part.length > 0) ? kept.filter((part) => part.length > 0) : [...parts];
}

/** Cuts at `;` and `or`; also at `and` where it stands between equally long lists of equations. */
function strongParts(tokens: readonly Token[]): Token[][] {
  const strong = splitAt(tokens, (token) => token.kind === "sep" && STRONG.has(token.text));
  if (strong.length > 1) return strong;
  const joined = splitAt(tokens, (token) => token.kind === "sep" && token.text === "and");
  const items = joined.map((part) => splitAt(part, (token) => token.kind === "sep"));
  const width = items[0]?.length ?? 0;
  const systems =
    width > 1 &&
    items.every((part) => part.length === width && part.every((item) => item.some((token) => token.kind === "rel")));
  return systems ? joined : strong;
}

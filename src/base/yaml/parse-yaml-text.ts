import {
  Composer,
  type CST,
  type Document,
  type ErrorCode,
  isCollection,
  isScalar,
  type LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
  YAMLParseError,
} from "yaml";

interface YamlOptions {
  readonly version?: "1.1" | "1.2";
  readonly lineCounter?: LineCounter;
}

/** The library compares every key of a map with every other one, which takes a minute for the keys of half a megabyte. */
const FIXED = { prettyErrors: false, uniqueKeys: false, logLevel: "error" } as const;

/** What people write has ten. Thousands end the stack where the library composes them, and with it the process. */
const MAX_DEPTH = 100;

/** Parses a YAML document in time that grows with its length. */
export function parseYamlText(text: string, options: YamlOptions = {}): Document.Parsed {
  const [document = parseDocument(text, { ...options, ...FIXED }), another] = parseYamlTexts(text, options);
  if (another !== undefined)
    document.errors.push(fault(another.range, "MULTIPLE_DOCS", "Expected one document, found another one after ---"));
  return document;
}

/** Parses a text of any number of YAML documents in time that grows with its length. */
export function parseYamlTexts(text: string, { lineCounter, version }: YamlOptions = {}): readonly Document.Parsed[] {
  const tokens = tokensOf(text, lineCounter);
  const deep = tokens === undefined ? 0 : tokens.map(tooDeep).find((offset) => offset !== undefined);
  if (tokens === undefined || deep !== undefined) {
    const empty = parseDocument("", FIXED);
    const message = `Expected at most ${MAX_DEPTH} maps and lists inside of one another`;
    empty.errors.push(fault([deep ?? 0], "RESOURCE_EXHAUSTION", message));
    return [empty];
  }
  const documents = [...new Composer({ ...FIXED, ...(version === undefined ? {} : { version }) }).compose(tokens)];
  for (const document of documents) checkNodes(document);
  return documents;
}

/** Undefined where so much is inside of one another that the library's stack ends. */
function tokensOf(text: string, lines: LineCounter | undefined): CST.Token[] | undefined {
  try {
    return [...new Parser(lines?.addNewLine).parse(text)];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function fault(range: readonly number[] | null | undefined, code: ErrorCode, message: string): YAMLParseError {
  const [start = 0, end = start] = range ?? [];
  return new YAMLParseError([start, end], code, message);
}

/** Where a token is inside of too many others. */
function tooDeep(token: CST.Token): number | undefined {
  const left: [token: CST.Token, depth: number][] = [[token, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [{ offset, ...rest }, depth] = next;
    if (depth > MAX_DEPTH) return offset;
    if ("items" in rest) {
      for (const { key, value } of rest.items) {
        if (key) left.push([key, depth + 1]);
        if (value) left.push([value, depth + 1]);
      }
    } else if ("value" in rest && rest.value) left.push([rest.value, depth]);
  }
  return undefined;
}

/** Adds an error for every key that is in a map twice, and for every alias that stands inside of what it repeats. */
function checkNodes(document: Document.Parsed): void {
  if (document.errors.length > 0) return;
  const add = (node: Node, code: ErrorCode, message: string): void => {
    document.errors.push(fault(node.range, code, message));
  };
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value)) add(key, "DUPLICATE_KEY", "Map keys must be unique");
        seen.add(key.value);
      }
    },
    Alias: (_key, alias, path) => {
      const isNamed = path.some((node) => isCollection(node) && node.anchor === alias.source);
      const target = isNamed ? alias.resolve(document) : undefined;
      if (target !== undefined && path.includes(target))
        add(alias, "BAD_ALIAS", `Alias *${alias.source} stands inside of what it repeats`);
    },
  });
}

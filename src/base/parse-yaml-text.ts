import {
  type Document,
  type ErrorCode,
  isCollection,
  isScalar,
  type LineCounter,
  type Node,
  parseAllDocuments,
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

/** Parses a YAML document in time that grows with its length. */
export function parseYamlText(text: string, options: YamlOptions = {}): Document.Parsed {
  const document = parseDocument(text, { ...options, ...FIXED });
  checkNodes(document);
  return document;
}

/** Parses a text of any number of YAML documents in time that grows with its length. */
export function parseYamlTexts(text: string, options: YamlOptions = {}): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { ...options, ...FIXED });
  for (const document of documents) checkNodes(document);
  return documents;
}

/** Adds an error for every key that is in a map twice, and for every alias that stands inside of what it repeats. */
function checkNodes(document: Document.Parsed): void {
  if (document.errors.length > 0) return;
  const add = (node: Node, code: ErrorCode, message: string): void => {
    const [start = 0, end = 0] = node.range ?? [];
    document.errors.push(new YAMLParseError([start, end], code, message));
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

import { type Document, isScalar, type LineCounter, parseDocument, visit, YAMLParseError } from "yaml";

/**
 * Parses a YAML document in time that grows with its length: the library compares every key of a map with every other one, which
 * takes a minute for the keys that fit into half a megabyte.
 */
export function parseYamlText(
  text: string,
  options: { readonly version?: "1.1" | "1.2"; readonly lineCounter?: LineCounter } = {},
): Document.Parsed {
  const document = parseDocument(text, { ...options, prettyErrors: false, uniqueKeys: false, logLevel: "error" });
  if (document.errors.length > 0) return document;
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        const [start = 0, end = 0] = key.range ?? [];
        if (seen.has(key.value))
          document.errors.push(new YAMLParseError([start, end], "DUPLICATE_KEY", "Map keys must be unique"));
        seen.add(key.value);
      }
    },
  });
  return document;
}

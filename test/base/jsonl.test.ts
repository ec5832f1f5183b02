import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonLines, toJsonLines } from "../../src/base/jsonl.ts";

describe("JSON lines", () => {
  it("come back as they were written, objects or not, with empty lines or without", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), fc.boolean(), (values, spaced) => {
        const text = toJsonLines(values);
        const parsed = parseJsonLines(spaced ? text.replaceAll("\n", "\n\n") : text, "x");
        expect(parsed).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it("name the line that is no JSON, counted from where the text begins in its file", () => {
    expect(() => parseJsonLines('{"a":1}\n{"b":\n{"c":3}\n', "file")).toThrow(/file:2: expected a JSON value/);
    expect(() => parseJsonLines('{"a":1}\n{"b"', "file", 10)).toThrow(/file:11: expected a JSON value/);
  });

  it("are never joined or torn where damage happens to make one array of them", () => {
    for (const damaged of ['{"a":1},{"b":2}\n{"c":[1\n2]}\n', "1,2\n[3\n4]\n", '{"a":[1\n2]}\n']) {
      expect(() => parseJsonLines(damaged, "file")).toThrow(/expected a JSON value/);
    }
  });
});

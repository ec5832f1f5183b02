import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/base/errors.ts";
import { parseRecipesYaml } from "../../../src/merge/recipe/recipe-documents.ts";

const LINEAR = "merge_method: linear\nmodels: [{ model: a, parameters: { weight: 1 } }]\n";

function failureOf(text: string): unknown {
  try {
    return parseRecipesYaml(text, "m.yml");
  } catch (error) {
    return error;
  }
}

function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${Array(9).fill(`*x${i}`).join(", ")}]`);
  return `x0: &x0 [1]\n${lines.join("\n")}\n`;
}

/** What each is, and what the error says of it. */
const BROKEN: readonly [what: string, text: string, found: RegExp][] = [
  ["aliases that unfold to gigabytes", bomb(), /:1: .*alias/],
  ["an alias of nothing", "a: *nope\n", /:1: .*nope/],
  [
    "a list in itself",
    "merge_method: linear\nmodels: &m [*m]\n",
    /:\d+:13: .*Alias \*m stands inside of what it repeats/,
  ],
  ["a map in itself", "merge_method: linear\nmodels: &m { a: *m }\n", /:\d+:17: .*Alias \*m stands inside/],
  ["a key that is there twice", "merge_method: linear\nmerge_method: ties\n", /:\d+:1: .*Map keys must be unique/],
];

describe.each([
  ["alone", (text: string) => text],
  ["with a name", (text: string) => `name: one\n${text}`],
  ["behind another merge", (text: string) => `name: one\n${LINEAR}---\n${text}`],
])("a merge %s", (_where, of) => {
  test.each(BROKEN)("with %s is refused with its place", (_what, text, found) => {
    const error = failureOf(of(text));
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/m\.yml:\d+:\d+: /);
    expect(String(error)).toMatch(found);
  });
});

test("twenty thousand keys are read in a second or two", () => {
  const text = `name: one\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n")}\n`;
  const start = process.cpuUsage();
  const lines = String(failureOf(text)).split("\n");
  expect(lines[1]).toContain('unknown key "k0"');
  expect(lines).toHaveLength(13);
  expect(lines.at(-1)).toBe("... and 19989 more");
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
});

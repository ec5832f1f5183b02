import { expect, test } from "vitest";
import { LineCounter } from "yaml";
import { parseYamlText } from "../../../src/base/yaml/parse-yaml-text.ts";
import { parseYaml } from "../../../src/base/yaml/yaml-document.ts";

test("a key that is written twice is an error with its place, in every map", () => {
  expect(() => parseYaml("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "x.yaml")).toThrow(
    "x.yaml:5:3: Map keys must be unique",
  );
  expect(() => parseYaml("a: [{ b: 1, b: 2 }]\n", "x.yaml")).toThrow("x.yaml:1:13: Map keys must be unique");
});

test("keys that differ in kind are two, and merge keys may repeat", () => {
  expect(parseYamlText("1: a\n'1': b\n").errors).toEqual([]);
  expect(parseYamlText("a: &a { x: 1 }\nb: { <<: *a, <<: *a }\n", { version: "1.1" }).errors).toEqual([]);
});

test("an alias inside of what it repeats is an error with its place; of an earlier anchor of that name it is none", () => {
  expect(() => parseYaml("a: 1\nb: &b\n  c: [*b]\n", "x.yaml")).toThrow("x.yaml:3:7: Alias *b stands inside");
  expect(parseYaml("a: &a [1]\nb: [&a 1, *a]\nc: &c { d: &c 2, e: *c }\n", "x.yaml").value).toEqual({
    a: [1],
    b: [1, 1],
    c: { d: 2, e: 2 },
  });
});

test("what else is wrong keeps its place", () => {
  const lineCounter = new LineCounter();
  const [error] = parseYamlText("a: [1\nb: 2\n", { lineCounter }).errors;
  expect(error?.pos[0]).toBeGreaterThan(0);
});

test("forty thousand keys are parsed in a second or two", () => {
  const text = Array.from({ length: 40_000 }, (_, i) => `k${i}: 1`).join("\n");
  const start = process.cpuUsage();
  expect(parseYamlText(text).errors).toEqual([]);
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
});

test.each([
  ["[", "]"],
  ["{ a: ", "}"],
  ["- ", ""],
  ["? ", ""],
])("20,000 of %j inside of one another end in an error", (start, end) => {
  const text = start.repeat(20_000) + end.repeat(20_000);
  expect(() => parseYaml(text, "x.yaml")).toThrow(/x\.yaml:1:\d+: Expected at most 100 maps and lists inside of/);
});

test("so many that the parser's own stack ends are refused as well", () => {
  expect(() => parseYaml(`a:\n${" :".repeat(20_000)}`, "x.yaml")).toThrow(
    /^x\.yaml:\d+:\d+: Expected at most 100 maps and lists inside of/,
  );
});

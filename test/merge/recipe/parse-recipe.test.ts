import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/base/errors.ts";
import { parseRecipe, parseRecipeYaml } from "../../../src/merge/recipe/parse-recipe.ts";
import { evaluateSetting } from "../../../src/merge/recipe/recipe.ts";

const GOOD = `
merge_method: linear
models:
  - model: a
    parameters:
      weight: 0.3
  - model: b
    parameters: { weight: [0, 1] }
parameters:
  normalize: yes
dtype: bfloat16
`;

test("mergekit's YAML is read as it is", () => {
  const recipe = parseRecipeYaml(GOOD, "merge.yml");
  expect(recipe).toMatchObject({ method: "linear", dtype: "BF16", outDtype: undefined, baseModel: undefined });
  expect(recipe.models?.map((source) => [source.model, source.parameters.get("weight")])).toEqual([
    ["a", 0.3],
    ["b", [0, 1]],
  ]);
  expect(recipe.parameters.get("normalize")).toBe(1);
});

test("weights may be decimals in text, as a sweep fills them in", () => {
  const models = [{ model: "a", parameters: { weight: "0.30" } }];
  const recipe = parseRecipe({ merge_method: "linear", models }, "sweep.yaml");
  expect(recipe.models?.[0]?.parameters.get("weight")).toBe(0.3);
});

test("models may stand in the one module of a language model, with parameters before the recipe's", () => {
  const inner = { models: [{ model: "a" }], parameters: { weight: 0.5 } };
  const recipe = parseRecipe({ merge_method: "linear", modules: { default: inner }, parameters: { weight: 1 } }, "r");
  expect(recipe.models?.map(({ model }) => model)).toEqual(["a"]);
  expect([recipe.moduleParameters.get("weight"), recipe.parameters.get("weight")]).toEqual([0.5, 1]);
  expect(() => parseRecipe({ merge_method: "linear", modules: { vision: inner } }, "r")).toThrow(/"vision"/);
});

function vocabularyOf(rest: object): unknown {
  return parseRecipe({ merge_method: "linear", models: [{ model: "a" }], ...rest }, "r").vocabulary;
}

test("a tokenizer is the union of all, or as its settings say", () => {
  expect(vocabularyOf({ tokenizer_source: "base" })).toEqual({
    source: "base",
    tokens: new Map(),
    padToMultipleOf: undefined,
  });
  const tokens = {
    "<a>": { source: "b", force: true },
    "<b>": null,
    "<c>": { source: { kind: "model_token", model: { model: { path: "m", revision: "r" } }, token_id: 3 } },
  };
  expect(vocabularyOf({ tokenizer: { tokens, pad_to_multiple_of: 8 } })).toEqual({
    source: "union",
    tokens: new Map([
      ["<a>", { source: { kind: "same_token", model: "b" }, force: true }],
      ["<b>", { source: undefined, force: false }],
      ["<c>", { source: { kind: "other_token", model: "m@r", token: 3 }, force: false }],
    ]),
    padToMultipleOf: 8,
  });
});

const WRONG: readonly (readonly [name: string, from: string, to: string, message: RegExp, hint?: RegExp])[] = [
  [
    "a typo in a parameter",
    "weight: 0.3",
    "weigth: 0.3",
    /^ConfigError: m.yml:6:7: unknown key "weigth" in "models\[0\].parameters"\. /,
    /Did you mean "weight"\?/,
  ],
  [
    "a typo in a key",
    "models:",
    "modles:",
    /^ConfigError: m.yml:3:1: unknown key "modles"\. Did you mean "models"\?[^\n]*$/,
  ],
  ["a parameter at the top", "dtype: bfloat16", "normalize: false", /m.yml:11:1: unknown key "normalize"/],
  [
    "a method that does not exist",
    "linear",
    "lineer",
    /m.yml:2:1: merge_method: .*"lineer"/,
    /Did you mean "linear"\?/,
  ],
  ["a dtype that cannot be worked in", "bfloat16", "bf16", /m.yml:11:1: dtype: .*"bf16"/, /bfloat16/],
  ["a weight that is no number", "0.3", "lots", /m.yml:6:7: models\[0\].parameters.weight: .*"lots"/],
  ["a weight that is not a number", "0.3", ".nan", /expected a number, found NaN/],
  ["a name that was not filled in", "0.3", '"${w}"', /expected a number, found "\$\{w\}"/],
  ["a single condition", "0.3", "{ filter: mlp, value: 1 }", /m.yml:6:7: .*expected a number/, /as a list/],
  ["a typo in a condition", "0.3", "[{ filtre: mlp, value: 1 }]", /m.yml:6:18: .*filtre/, /Did you mean "filter"/],
  ["slices beside models", "dtype:", "slices: [{sources: [{model: a}]}]\ndtype:", /found both/],
  ["modules beside models", "dtype:", "modules: { default: {} }\ndtype:", /m.yml:11:1: modules: .*found two/],
  ["both names of a tokenizer", "dtype:", "tokenizer_source: base\ntokenizer: {}\ndtype:", /m.yml:12:1: .*found both/],
  [
    "a typo in a tokenizer",
    "dtype:",
    "tokenizer: { sorce: base }\ndtype:",
    /m.yml:11:14: .*"sorce"/,
    /Did you mean "source"/,
  ],
  [
    "a token of no kind",
    "dtype:",
    "tokenizer: { tokens: { x: { source: { kind: no } } } }\ndtype:",
    /expected one of zero/,
  ],
  [
    "a token by text and id",
    "dtype:",
    "tokenizer: { tokens: { x: { source: { kind: model_token, model: a, token: z, token_id: 1 } } } }\ndtype:",
    /expected "token" or "token_id", found both/,
  ],
  [
    "no multiple to pad to",
    "dtype:",
    "tokenizer: { pad_to_multiple_of: 0 }\ndtype:",
    /expected a whole number from 1 on/,
  ],
  [
    "a chat template that is not known",
    "dtype:",
    "chat_template: chatlm\ndtype:",
    /m.yml:11:1: chat_template: .*"chatlm"/,
    /Did you mean "chatml"/,
  ],
  ["a key twice", "dtype:", "merge_method: linear\ndtype:", /m.yml:11:1: Map keys must be unique/],
  ["broken YAML", "models:", "models: [", /^ConfigError: m.yml:\d+:\d+: Nested mappings/],
  ["a second document", "dtype:", "---\ndtype:", /^ConfigError: m.yml:11:1: Expected one document/],
  [
    "a donor that is no model",
    "dtype:",
    "donor: elsewhere\ndtype:",
    /m.yml:11:1: donor: expected a model .*"elsewhere"/,
  ],
  ["a model that is no text", "model: a", "model: 7", /models\[0\].model: expected the path of a model, found 7/],
];

describe("a recipe is refused with file, line and column", () => {
  test.each(WRONG.map(([name, ...rest]) => [name, rest] as const))("%s", (_name, [from, to, message, hint]) => {
    const failure = failureOf(() =>
      parseRecipeYaml(
        GOOD.replace(from, () => to),
        "m.yml",
      ),
    );
    expect(String(failure)).toMatch(message);
    expect(String(failure)).toMatch(hint ?? /.*/);
  });

  test("all that is wrong is said at once, each with its place", () => {
    const text = GOOD.replace("linear", "lineer").replace("0.3", "lots").replace("model: b", "modle: b");
    expect(
      String(failureOf(() => parseRecipeYaml(text, "m.yml")))
        .split("\n")
        .map((line) => line.slice(0, 48)),
    ).toEqual([
      "ConfigError: m.yml:2:1: merge_method: expected a",
      "m.yml:6:7: models[0].parameters.weight: expected",
      "m.yml:7:5: models[1].model: expected the path of",
      'm.yml:7:5: unknown key "modle" in "models[1]". D',
    ]);
  });

  test("two architectures of one model", () => {
    const models = ["A", "B"].map((name) => `  - model: { model: a, override_architecture: ${name} }\n`).join("");
    const text = `merge_method: linear\nmodels:\n${models}`;
    expect(String(failureOf(() => parseRecipeYaml(text, "m.yml")))).toBe(
      "ConfigError: m.yml:4:24: expected one architecture of a, found A and B",
    );
    const recipe = parseRecipeYaml(text.replace("A }", "B }"), "m.yml");
    expect([...recipe.architectures]).toEqual([["a", "B"]]);
  });

  test("aliases that explode", () => {
    const letters = "abcdefghi".split("");
    const bomb = letters.map((letter, i) => {
      const item = i === 0 ? "1" : `*${letters[i - 1]}`;
      return `${letter}: &${letter} [${Array.from({ length: 9 }, () => item).join(",")}]`;
    });
    expect(String(failureOf(() => parseRecipeYaml(bomb.join("\n"), "m.yml")))).toMatch(/alias/);
  });

  test("a file that is no text of a recipe", () => {
    expect(String(failureOf(() => parseRecipeYaml("just words", "m.yml")))).toMatch(/m.yml:1:1: expected merge_method/);
    expect(String(failureOf(() => parseRecipeYaml("# nothing\n", "m.yml")))).toMatch(
      /m.yml: expected .*found an empty file/,
    );
  });
});

function failureOf(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("Expected a ConfigError, found success");
}

test("a gradient runs from the first layer to the last, in straight lines between its values", () => {
  expect([0, 0.25, 0.5, 0.75, 1].map((t) => evaluateSetting([0, 1, 0.5], "x", t))).toEqual([0, 0.5, 1, 0.75, 0.5]);
  expect(evaluateSetting([0.7], "x", 0.4)).toBe(0.7);
});

test("of conditions, the first whose filter is part of the name counts", () => {
  const setting = [
    { filter: "mlp", value: [0, 1] },
    { filter: undefined, value: 0.5 },
  ];
  expect(evaluateSetting(setting, "model.layers.0.mlp.up_proj.weight", 0.5)).toBe(0.5);
  expect(evaluateSetting(setting, "model.layers.0.mlp.up_proj.weight", 1)).toBe(1);
  expect(evaluateSetting(setting, "lm_head.weight", 0)).toBe(0.5);
  expect(evaluateSetting(setting.slice(0, 1), "lm_head.weight", 0)).toBeUndefined();
});

test("whatever a recipe says, it is read or refused with a message, never a fault of ours", () => {
  const words = [
    "merge_method",
    "linear",
    "models",
    "model",
    "parameters",
    "weight",
    "slices",
    "sources",
    "layer_range",
  ];
  const leaf = fc.oneof(fc.constantFrom<unknown>(...words, 0.5, [0, 2], true, null), fc.jsonValue());
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words, "__proto__", "x"), tie("tree"), { maxKeys: 5 }),
    ),
  }));
  const recipe = fc.oneof(
    tree,
    fc.record(
      { merge_method: fc.constant("linear"), models: tree, parameters: tree, dtype: leaf },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(recipe, fc.string(), (value, text) => {
      for (const read of [() => parseRecipe(value, "r"), () => parseRecipeYaml(JSON.stringify(value) ?? text, "r")]) {
        expect(faultOf(read)).toBeUndefined();
      }
    }),
    { numRuns: 500 },
  );
});

/** What is thrown but for the errors that a person can act on. */
function faultOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) return error;
  }
  return undefined;
}

import { parseRecipesYaml } from "../../../src/merge/recipe/recipe-documents.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { expandSweep } from "../../../src/sweep/file/expand.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { scratchFile } from "../scratch-file.ts";
import { seedFiles, seedsOf } from "../seeds.ts";

const RECIPES = [
  "merge_method: linear\nmodels:\n  - { model: a, parameters: { weight: 0.3 } }\n  - model: org/name@main\n    parameters:\n      weight: [0, 0.5, 1]\nparameters: { normalize: true }\ndtype: bfloat16\n",
  "merge_method: ties\nbase_model: base\nmodels:\n  - model: a+lora\n    parameters:\n      density: 0.5\n      weight:\n        - { filter: mlp, value: 0.2 }\n        - value: 0.7\ntokenizer: { source: union, tokens: { <pad>: { source: a } } }\nchat_template: auto\n",
  "merge_method: passthrough\nslices:\n  - sources: [{ model: a, layer_range: [0, 2] }]\n  - sources: [{ model: b, layer_range: [1, 3] }]\nout_dtype: float16\n",
  "name: half\nmerge_method: linear\nparameters: &p { weight: 0.5 }\nmodels:\n  - { model: a, parameters: *p }\n  - { model: b }\n---\nmerge_method: linear\nmodels: [{ model: half }, { model: c, parameters: { weight: 1 } }]\n",
];

/** mergekit's configs, of one merge or of several. */
export const recipe: FuzzTarget = {
  name: "recipe",
  inputs: 2000,
  seeds: () => Promise.resolve(seedsOf(RECIPES)),
  read: (input) => parseRecipesYaml(new TextDecoder().decode(input), "recipe.yml"),
};

/** Sweep files, expanded into their points. */
export const sweep: FuzzTarget = {
  name: "sweep",
  inputs: 2000,
  seeds: async () => [...(await seedFiles("sweeps/pocket.yaml")), ...seedsOf([SWEEP])],
  read: async (input) => expandSweep(await readSweepFile(scratchFile("sweep.yaml", input))),
};

const SWEEP =
  'name: mine\naxes:\n  w: { from: 0, to: 1, step: 0.25 }\n  d: [0.3, 0.5]\nrecipe:\n  merge_method: linear\n  models:\n    - { model: a, parameters: { weight: "${w}" } }\n    - { model: b, parameters: { weight: "${(1 - w) * d}" } }\nbenchmarks: [{ name: aime24, attempts: 4 }, math500]\ngeneration: { temperature: 0.6, max_tokens: 4096, attempts: 4, stop: ["Q:"] }\nobjective: { minimise: tokens, keep: { accuracy_strict: 1 }, against: best }\nscoring: { formats: { tagged: "(?s)^<a>.*</a>$" } }\n';

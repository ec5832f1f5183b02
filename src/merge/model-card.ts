import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { tokenizerNote } from "../checkpoints/tokenizer/tokenizer-files.ts";
import { settingsLines } from "./merge-settings.ts";
import { ownName } from "./methods/own-method.ts";
import type { MergePlan } from "./plan/plan.ts";

/** The README.md of a merge: what it is made of and how to check that it still is. */
export function modelCard(
  plan: MergePlan,
  name: string,
  recipeText: string | undefined,
  weightsSha256: string,
): string {
  const { method, recipe, models, settings } = plan;
  const own = ownName(method);
  const title = method.paper === undefined ? method.title : `[${method.title}](${method.paper})`;
  const merged = [...models.keys()].filter((model) => model !== recipe.baseModel);
  const base = recipe.baseModel === undefined ? "" : ` using ${recipe.baseModel} as a base`;
  const repos = new Set([...models.values()].flatMap(({ origins }) => origins.map(({ repo }) => repo)));
  const lines = [
    "---",
    ...(repos.size === 0 ? [] : ["base_model:", ...Array.from(repos, (repo) => `- ${repo}`)]),
    "library_name: transformers",
    "tags:",
    "- mergekit",
    "- merge",
    ...settingsLines(settings),
    "---",
    `# ${name}`,
    "",
    `A merge of language models by the ${title} method${own === undefined ? "" : ` (${own}, neither mergesweep's nor mergekit's)`}${base}.`,
    "",
    "## Models",
    "",
    ...merged.map((model) => `* ${[model, ...commitsOf(models.get(model))].join(", ")}`),
    "",
    "## Weights",
    "",
    `SHA-256 of the tensors (names, dtypes, shapes and bytes): \`${weightsSha256}\``,
  ];
  const note = tokenizerNote(plan.donor);
  if (note !== undefined) lines.push("", "## Tokenizer", "", `${note}.`);
  if (recipeText !== undefined) {
    const fence = fenceFor(recipeText);
    lines.push("", "## Recipe", "", `${fence}yaml`, recipeText.trimEnd(), fence);
  }
  return `${lines.join("\n")}\n`;
}

/** Backticks around a text, more than it has anywhere in a row itself. */
function fenceFor(text: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  return "`".repeat(longest + 1);
}

/** What a model of the hub was when it was fetched. */
function commitsOf(checkpoint: Checkpoint | undefined): string[] {
  return (checkpoint?.origins ?? []).map(
    ({ repo, commit }) => `[${repo} at ${commit}](https://huggingface.co/${repo}/tree/${commit})`,
  );
}

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { InputError, systemCodeOf, UsageError, WorkError } from "../../base/errors.ts";
import { projectRootOf } from "../../base/project-root.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { CheckpointPool } from "../../merge/checkpoint-pool.ts";
import { type MergeSettings, readSettings } from "../../merge/merge-settings.ts";
import { type PlanOptions, planMerge } from "../../merge/plan/plan.ts";
import type { NamedRecipe } from "../../merge/recipe/recipe-documents.ts";
import type { TensorDifference } from "../../merge/verify/compare-tensors.ts";
import { describeExplanation } from "../../merge/verify/explain.ts";
import { type Verification, verifyMerge } from "../../merge/verify/verify-merge.ts";
import { writeMergedCheckpoint } from "../../merge/write-checkpoint.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { mergeFlags, planOptionsOf, readRecipeFile } from "../merge-flags.ts";
import { defineCommand, jsonFlag, named, textOption } from "../options.ts";
import { downloads } from "../show-downloads.ts";

/** Rows of the table of differences; `--json` has all. */
const MAX_SHOWN = 12;

/** `mergesweep verify MERGED`: whether a merge is what its recipe says, and if not, what it is. */
export function verifyCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
    command: "verify <merged>",
    describe: "Make a merge again in memory and say whether a published one is it, bit for bit",
    builder: (parser) =>
      parser
        .positional("merged", {
          type: "string",
          demandOption: true,
          description: "Merged checkpoint: a folder, a GGUF file, or org/name[@revision]",
        })
        .options(
          named({
            recipe: {
              ...textOption("mergekit config (YAML); its default is MERGED/mergekit_config.yml"),
              group: "Input:",
            },
            ...mergeFlags,
            json: jsonFlag,
          }),
        )
        .example(
          "$0 verify merged/ --recipe merge.yml",
          "exit code 0: bit-identical; 1: not, and what explains it; 2: not found out",
        ),
    handler: async (args) => {
      const pool = new CheckpointPool(projectRootOf(args.recipe ?? join(args.merged, "recipe")), downloads(context));
      let stages: string | undefined;
      try {
        const published = await pool.open(args.merged);
        const path = args.recipe ?? recipeBeside(published);
        const kept = await settingsBeside(published);
        const options = planOptionsOf(args, pool, kept);
        if (Object.keys(kept).length > 0) terminal.note(`made, says its model card, with ${JSON.stringify(kept)}`);
        const { recipes } = await readRecipeFile(path);
        const target = recipeOf(recipes, args.merged);
        for (const stage of recipes.slice(0, recipes.indexOf(target))) {
          terminal.status(`${stage.name}: made again`);
          stages ??= await mkdtemp(join(tmpdir(), "mergesweep-stages-"));
          await makeStage(stage, stages, options, pool);
        }
        const plan = await planMerge(target.recipe, options);
        for (const warning of plan.warnings) terminal.note(`warning: ${warning}`);
        const verification = await verifyMerge(plan, published, {
          planAgain: (changed, settings) => planMerge(changed, { ...options, ...settings }),
          signal,
          onTensor: (done, of) => terminal.status(`${done}/${of} tensors compared`),
        });
        terminal.out(
          args.json === true
            ? JSON.stringify(asJson(args.merged, path, verification), null, 2)
            : show(args.merged, path, verification),
        );
        if (!verification.identical) context.setExitCode(EXIT.failed);
      } catch (error) {
        throw error instanceof WorkError ? notVerified(args.merged, error) : error;
      } finally {
        await pool.close();
        if (stages !== undefined) await rm(stages, { recursive: true, force: true });
      }
    },
  });
}

/** The merge that a config is for; if all have names, the one that the folder is called after. */
function recipeOf(recipes: readonly NamedRecipe[], merged: string): NamedRecipe {
  const wanted = basename(resolve(merged));
  const found = recipes.find(({ name }) => name === undefined) ?? recipes.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = recipes.flatMap(({ name }) => name ?? []).join(", ");
  throw new UsageError(`${merged}: expected a folder of one of the merges of the config: ${names}`);
}

/** Makes a merge that others are made of. What the published one was made with counts for it, too. */
async function makeStage(
  { name = "", recipe }: NamedRecipe,
  folder: string,
  options: PlanOptions,
  pool: CheckpointPool,
): Promise<void> {
  const out = join(folder, name);
  await writeMergedCheckpoint(await planMerge(recipe, options), out, { onNonFinite: () => {} });
  pool.place(name, out);
}

/** Exit code 1 says that a merge is another one: that it could not be fetched, or read, must not. */
function notVerified(merged: string, error: WorkError): InputError {
  return new InputError(`${merged} could not be verified: ${error.message}`, { hint: error.hint, cause: error });
}

/** Cards are a few KB. */
const MAX_CARD_BYTES = 1_000_000;

/** The flags that a merge was made with, as its model card keeps them. */
async function settingsBeside({ format, path }: Checkpoint): Promise<MergeSettings> {
  if (format === "gguf") return {};
  try {
    const card = join(path, "README.md");
    const found = await stat(card);
    return found.isFile() && found.size <= MAX_CARD_BYTES ? readSettings(await readFile(card, "utf8")) : {};
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return {};
  }
}

/** The recipe that merges are published with. */
function recipeBeside({ format, path }: Checkpoint): string {
  if (format !== "gguf") return join(path, "mergekit_config.yml");
  throw new UsageError(`${path}: a GGUF has no recipe beside it: name one with --recipe`);
}

function show(merged: string, recipe: string, verification: Verification): string {
  const { identical, tensors, differences, missing, extra, weightsSha256, explanation } = verification;
  if (identical) {
    return `${merged}: bit-identical to the merge of ${recipe}: ${tensors} tensors, weights sha256 ${weightsSha256}`;
  }
  const same = tensors - differences.length - missing.length;
  const sum = (key: "different" | "elements"): string => String(differences.reduce((all, one) => all + one[key], 0));
  const lines = [
    `${merged}: not the merge of ${recipe}: ${differences.length} of ${tensors} tensors differ, ${same} are identical`,
  ];
  if (differences.length > 0) {
    lines.push(`In these, ${sum("different")} of ${sum("elements")} elements differ.`, "", ...table(differences));
  }
  if (missing.length > 0) lines.push("", `missing: ${list(missing)}`);
  if (extra.length > 0) lines.push("", `not of this merge: ${list(extra)}`);
  return [...lines, "", describeExplanation(explanation)].join("\n");
}

function list(names: readonly string[]): string {
  const more = names.length - MAX_SHOWN;
  return names.slice(0, MAX_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function table(differences: readonly TensorDifference[]): string[] {
  const rows = [
    ["tensor", "different", "of", "max abs", "max rel", "max ulp", ""],
    ...differences
      .slice(0, MAX_SHOWN)
      .map(({ name, different, elements, maxAbs, maxRelative, maxUlp, note }) => [
        name,
        String(different),
        String(elements),
        maxAbs.toExponential(2),
        maxRelative.toExponential(2),
        String(maxUlp),
        note ?? "",
      ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 6 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const more = differences.length - MAX_SHOWN;
  return more > 0 ? [...lines, `... and ${more} more`] : lines;
}

function asJson(merged: string, recipe: string, verification: Verification): object {
  const { identical, tensors, differences, missing, extra, weightsSha256, explanation } = verification;
  return {
    merged,
    recipe,
    identical,
    tensors,
    differences: differences.map(({ name, note, elements, different, maxAbs, maxRelative, maxUlp }) => ({
      name,
      ...(note === undefined ? {} : { note }),
      elements,
      different,
      max_abs: maxAbs,
      max_relative: maxRelative,
      max_ulp: maxUlp,
    })),
    missing,
    extra,
    weights_sha256: weightsSha256,
    ...(explanation === undefined ? {} : { explanation }),
  };
}

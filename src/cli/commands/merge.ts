import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { checkNewFolder } from "../../base/files/new-path.ts";
import { temporaryFolder } from "../../base/files/temporary-path.ts";
import { projectRootOf } from "../../base/project-root.ts";
import { fetchedModels } from "../../checkpoints/checkpoint.ts";
import { chatTemplateNote } from "../../merge/chat-template.ts";
import { CheckpointPool } from "../../merge/checkpoint-pool.ts";
import { planMerge } from "../../merge/plan/plan.ts";
import type { NamedRecipe } from "../../merge/recipe/recipe-documents.ts";
import { writeMergedCheckpoint } from "../../merge/write-checkpoint.ts";
import type { CliContext } from "../context.ts";
import { type ExportedPoint, exportPoint } from "../export-point.ts";
import { MODELS, mergeFlags, planOptionsOf, readRecipeFile } from "../merge-flags.ts";
import { billionsOption, defineCommand, jsonFlag, named, textOption } from "../options.ts";
import { downloads } from "../show-downloads.ts";
import { showTensors } from "../show-tensors.ts";
import { allowNonFiniteFlag, setFlag } from "../sweep-flags.ts";

const SWEEP = "A point of a sweep:";

/** A merge that was made; of those that are removed at the end, without a place. */
interface MadeMerge {
  readonly name: string | undefined;
  readonly out?: string;
  readonly weights_sha256: string;
  readonly tensors: number;
  readonly fetched: readonly string[];
}

const DONOR =
  "config.json and the tokenizer are those of the base model, else of the first model; donor: MODEL in the config names another of its models.";

/** `mergesweep merge CONFIG OUT`: the checkpoint that mergekit would make. */
export function mergeCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
    command: "merge <config> <out>",
    describe: "Merge checkpoints by a mergekit config, bit for bit as mergekit does",
    builder: (parser) =>
      parser
        .positional("config", {
          type: "string",
          demandOption: true,
          description: "mergekit config, or with --point a sweep (YAML)",
        })
        .positional("out", { type: "string", demandOption: true, description: "Folder to make; must not exist" })
        .options(
          named({
            "out-shard-size": {
              ...billionsOption("Bytes of a weights file at the most (default: 5B, five billions)"),
              group: "Output:",
            },
            "intermediate-dir": {
              ...textOption(
                "Keeps the merges that a config of several documents names, which are removed at the end otherwise",
              ),
              group: "Output:",
            },
            "copy-tokenizer": {
              type: "boolean",
              default: true,
              description: "Copy the tokenizer files; a tokenizer that the config builds is always written",
              group: "Output:",
            },
            ...mergeFlags,
            ...allowNonFiniteFlag,
            point: { ...textOption("The point of a sweep to make: w=0.7"), group: SWEEP },
            chosen: {
              ...textOption("A run of the sweep: its decision names the point, its results are in the model card"),
              group: SWEEP,
            },
            gguf: { ...textOption("GGUF file to make of the point as well"), group: SWEEP },
            push: { ...textOption("Upload it to the hub as org/name, private if it is new (HF_TOKEN)"), group: SWEEP },
            json: jsonFlag,
          }),
        )
        .options({ set: { ...setFlag.set, group: SWEEP } })
        .example("$0 merge sweeps/pocket.yaml OUT --point w=0.7", "a point of a sweep, with its results in the card")
        .example("$0 merge merge.yml merged/", "model paths are relative to the working directory")
        .epilogue(`${MODELS}\n\n${DONOR}`),
    handler: async (args) => {
      if (args.point !== undefined || args.chosen !== undefined) {
        refuseIgnored(args);
        const made = await exportPoint(context, args);
        terminal.out(args.json === true ? JSON.stringify(made) : describeExported(made));
        return;
      }
      if ([args.gguf, args.set, args.push].some((value) => value !== undefined)) {
        throw new UsageError(
          "--gguf, --push and --set are for a point of a sweep: expected --point or --chosen with it",
        );
      }
      await checkNewFolder(args.out);
      const { text, recipes } = await readRecipeFile(args.config);
      const pool = new CheckpointPool(projectRootOf(args.config), downloads(context));
      const { folder, isTemporary } = stageFolder(recipes, args.out, args.intermediateDir);
      const made: MadeMerge[] = [];
      try {
        for (const { name, recipe, text: document } of recipes) {
          const label = name === undefined ? "" : `${name}: `;
          const plan = await planMerge(recipe, planOptionsOf(args, pool));
          const note = await chatTemplateNote(plan, args.copyTokenizer);
          for (const warning of [...plan.warnings, note]) {
            if (warning !== undefined) terminal.note(`warning: ${label}${warning}`);
          }
          const out = name === undefined ? args.out : join(folder, name);
          const { weightsSha256, tensors } = await writeMergedCheckpoint(plan, out, {
            // The merge that a config is for can be checked with the whole config beside it.
            recipeText: name === undefined ? text : document,
            shardBytes: args.outShardSize,
            copyTokenizer: args.copyTokenizer,
            signal,
            onStored: showTensors(terminal, plan.tensors.length),
            ...(args.allowNonFinite === true || plan.settings.compat === true
              ? { onNonFinite: (found: string) => terminal.note(`warning: ${label}${found}`) }
              : {}),
          });
          if (name !== undefined) pool.place(name, resolve(out));
          made.push({
            name,
            ...(name === undefined || !isTemporary ? { out } : {}),
            weights_sha256: weightsSha256,
            tensors: tensors.length,
            fetched: fetchedModels(plan.models.values()),
          });
        }
        terminal.out(args.json === true ? asJson(made) : made.map(describeMade).join("\n"));
      } finally {
        await pool.close();
        if (isTemporary) await rm(folder, { recursive: true, force: true });
      }
    },
  });
}

/** A point is merged as it was evaluated. @throws UsageError for flags that would change it */
function refuseIgnored(args: Readonly<Record<string, unknown>>): void {
  const { intermediateDir, copyTokenizer, randomSeed, mergekitCompat, allowCrimes, allowNonFinite } = args;
  const given = {
    "--intermediate-dir": intermediateDir !== undefined,
    "--no-copy-tokenizer": copyTokenizer === false,
    "--random-seed": randomSeed !== undefined,
    "--mergekit-compat": mergekitCompat === true,
    "--allow-crimes": allowCrimes === true,
    "--allow-non-finite": allowNonFinite === true,
  };
  const wrong = Object.entries(given).find(([, isGiven]) => isGiven);
  if (wrong === undefined) return;
  throw new UsageError(`${wrong[0]}: a point of a sweep is merged as it was evaluated, which had no such flag`);
}

function describeExported({ out, point, weights_sha256: digest, pushed }: ExportedPoint): string {
  const made = `${out}: ${point}, weights sha256 ${digest}`;
  if (pushed === undefined) return made;
  const where = pushed.created
    ? "a new repository, private"
    : "a repository that was there, and stays as public as it was";
  return `${made}\n${pushed.url}: commit ${pushed.commit} in ${where}`;
}

/** Where the merges go that others are made of: all of them to `out`, if the config names every merge. */
function stageFolder(
  recipes: readonly NamedRecipe[],
  out: string,
  kept: string | undefined,
): { readonly folder: string; readonly isTemporary: boolean } {
  if (recipes.every(({ name }) => name !== undefined)) return { folder: out, isTemporary: false };
  const isTemporary = kept === undefined && recipes.length > 1;
  return { folder: kept ?? temporaryFolder(resolve(out)), isTemporary };
}

/** The merge that the config is for, and those before it. */
function asJson(made: readonly MadeMerge[]): string {
  const final = made.find(({ name }) => name === undefined);
  const stages = made.filter(({ name }) => name !== undefined);
  const { name: _, ...rest } = final ?? { name: undefined };
  return JSON.stringify({ ...rest, ...(stages.length === 0 ? {} : { stages }) });
}

function describeMade({ name, out, tensors, weights_sha256: digest }: MadeMerge): string {
  return `${out ?? name}: ${tensors} tensors, weights sha256 ${digest}`;
}

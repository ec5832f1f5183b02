import type { CommandModule } from "yargs";
import { checkNewFolder } from "../../base/new-path.ts";
import { projectRootOf } from "../../base/project-root.ts";
import { fetchedModels } from "../../checkpoints/checkpoint.ts";
import { chatTemplateNote } from "../../merge/chat-template.ts";
import { CheckpointPool } from "../../merge/checkpoint-pool.ts";
import { planMerge } from "../../merge/plan.ts";
import { writeMergedCheckpoint } from "../../merge/write-checkpoint.ts";
import type { CliContext } from "../context.ts";
import { MODELS, mergeFlags, planOptionsOf, readRecipeFile } from "../merge-flags.ts";
import { billionsOption, defineCommand, jsonFlag, named } from "../options.ts";
import { downloads } from "../show-downloads.ts";
import { showTensors } from "../show-tensors.ts";
import { allowNonFiniteFlag } from "../sweep-flags.ts";

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
        .positional("config", { type: "string", demandOption: true, description: "mergekit config (YAML)" })
        .positional("out", { type: "string", demandOption: true, description: "Folder to make; must not exist" })
        .options(
          named({
            "out-shard-size": {
              ...billionsOption("Bytes of a weights file at the most (default: 5B, five billions)"),
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
            json: jsonFlag,
          }),
        )
        .example("$0 merge merge.yml merged/", "model paths are relative to the working directory")
        .epilogue(`${MODELS}\n\n${DONOR}`),
    handler: async (args) => {
      await checkNewFolder(args.out);
      const { text, recipe } = await readRecipeFile(args.config);
      const pool = new CheckpointPool(projectRootOf(args.config), downloads(context));
      try {
        const plan = await planMerge(recipe, planOptionsOf(args, pool));
        const note = await chatTemplateNote(plan, args.copyTokenizer);
        for (const warning of [...plan.warnings, note]) {
          if (warning !== undefined) terminal.note(`warning: ${warning}`);
        }
        const { weightsSha256, tensors } = await writeMergedCheckpoint(plan, args.out, {
          recipeText: text,
          shardBytes: args.outShardSize,
          copyTokenizer: args.copyTokenizer,
          signal,
          onStored: showTensors(terminal, plan.tensors.length),
          ...(args.allowNonFinite === true || plan.settings.compat === true
            ? { onNonFinite: (found: string) => terminal.note(`warning: ${found}`) }
            : {}),
        });
        terminal.out(
          args.json === true
            ? JSON.stringify({
                out: args.out,
                weights_sha256: weightsSha256,
                tensors: tensors.length,
                fetched: fetchedModels(plan.models.values()),
              })
            : `${args.out}: ${tensors.length} tensors, weights sha256 ${weightsSha256}`,
        );
      } finally {
        await pool.close();
      }
    },
  });
}

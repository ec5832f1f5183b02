import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { type MadeMerge, mergeCheckpoints } from "../../merge/merge-checkpoints.ts";
import type { CliContext } from "../context.ts";
import { type ExportedPoint, exportPoint } from "../export-point.ts";
import { MODELS, mergeFlags, settingsOf } from "../flags/merge-flags.ts";
import { billionsOption, defineCommand, jsonFlag, named, textOption } from "../flags/options.ts";
import { allowNonFiniteFlag, setFlag } from "../flags/sweep-flags.ts";
import { downloads } from "../show-downloads.ts";
import { showTensors } from "../show-tensors.ts";

const SWEEP = "A point of a sweep:";

const DONOR =
  "config.json and the tokenizer are those of the base model, otherwise of the first model; donor: MODEL in the config names another of its models.";

/** `mergesweep merge CONFIG OUT`: the checkpoint that mergekit would make. */
export function mergeCommand(context: CliContext): CommandModule {
  const { terminal, signal } = context;
  return defineCommand({
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
              ...billionsOption("Maximum bytes per weights file (default: 5B, five billion)"),
              group: "Output:",
            },
            "intermediate-dir": {
              ...textOption(
                "Folder for the merges that a config of several documents names; otherwise they are removed at the end",
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
              ...textOption("A run of the sweep: its decision picks the point, its results go into the model card"),
              group: SWEEP,
            },
            gguf: { ...textOption("Also make a GGUF file of the point"), group: SWEEP },
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
          "--gguf, --push and --set apply to a point of a sweep: expected --point or --chosen as well",
        );
      }
      let show: ReturnType<typeof showTensors> | undefined;
      const warn = (text: string): void => terminal.note(`warning: ${text}`);
      const made = await mergeCheckpoints(args.config, args.out, {
        ...settingsOf(args),
        intermediateDir: args.intermediateDir,
        shardBytes: args.outShardSize,
        copyTokenizer: args.copyTokenizer,
        signal,
        downloads: downloads(context),
        onNote: warn,
        onPlanned: (plan) => {
          show = showTensors(terminal, plan.tensors.length);
        },
        onStored: (tensor) => show?.(tensor),
        ...(args.allowNonFinite === true || args.mergekitCompat === true ? { onNonFinite: warn } : {}),
      });
      terminal.out(args.json === true ? asJson(made) : made.map(describeMade).join("\n"));
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
  const where = pushed.created ? "a new repository, private" : "an existing repository, whose visibility is unchanged";
  return `${made}\n${pushed.url}: commit ${pushed.commit} in ${where}`;
}

/** The merge that the config is for, and those before it. */
function asJson(made: readonly MadeMerge[]): string {
  const final = made.find(({ name }) => name === undefined);
  const stages = made.filter(({ name }) => name !== undefined);
  return JSON.stringify({
    ...(final === undefined ? {} : jsonOf(final)),
    ...(stages.length === 0 ? {} : { stages: stages.map((stage) => ({ name: stage.name, ...jsonOf(stage) })) }),
  });
}

function jsonOf({ out, weightsSha256, tensors, fetched }: MadeMerge): object {
  return { ...(out === undefined ? {} : { out }), weights_sha256: weightsSha256, tensors, fetched };
}

function describeMade({ name, out, tensors, weightsSha256 }: MadeMerge): string {
  return `${out ?? name}: ${tensors} tensors, weights sha256 ${weightsSha256}`;
}

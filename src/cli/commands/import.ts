import type { CommandModule } from "yargs";
import { countOf } from "../../base/count-of.ts";
import { UsageError } from "../../base/errors.ts";
import { type ImportOutcome, importResults } from "../../imports/import-results.ts";
import { IMPORT_FORMATS } from "../../imports/imported-run.ts";
import { readTidyMap } from "../../imports/others/tidy-map.ts";
import type { Placement } from "../../imports/store/place-models.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named, namesOption, textOption } from "../flags/options.ts";

/** `mergesweep import PATH... --out RUN`: results of other programs as a run store. */
export function importCommand({ terminal, version }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("paths", { type: "string", array: true, demandOption: true, description: "Files and folders" })
        .options(
          named({
            format: {
              type: "string",
              choices: IMPORT_FORMATS,
              requiresArg: true,
              description: "Format, if the content does not decide it",
              group: "Input:",
            },
            map: { ...textOption("What the columns of a table mean: a YAML file (docs/import.md)"), group: "Input:" },
            models: { ...textOption("Only models whose name this regular expression matches"), group: "Input:" },
            axis: {
              ...namesOption("Models as points: NAME=REGEX, whose first group is the value; repeat for another axis"),
              nargs: 1,
              group: "Input:",
            },
            end: {
              ...namesOption("Position of a model whose name does not contain it: NAME=VALUE:MODEL"),
              nargs: 1,
              group: "Input:",
            },
            filter: {
              ...textOption("The filter whose score is the accuracy, where there are several"),
              group: "Input:",
            },
            metric: {
              ...textOption("The metric or scorer that is the accuracy, where there are several"),
              group: "Input:",
            },
            rescore: { type: "boolean", description: "Grade the texts again, and show both", group: "Input:" },
            "skip-broken": {
              type: "boolean",
              description: "Continue after a file that cannot be read",
              group: "Input:",
            },
            root: { ...textOption("Folder with datasets/ (default: the working directory)"), group: "Input:" },
            out: { ...textOption("Run store, new or from earlier imports"), demandOption: true, group: "Output:" },
            json: jsonFlag,
          }),
        )
        .example(
          "$0 import results/ --axis 'w=acc([0-9.]+)' --out runs/theirs",
          "a merge sweep that lighteval evaluated",
        )
        .example("$0 import logs/ --metric includes --out runs/theirs", "Inspect logs, by one of their scorers"),
    handler: async (args) => {
      const { axis, end, root = process.cwd(), json, out } = args;
      if (out === undefined) throw new UsageError("--out: expected a run store, e.g. runs/theirs");
      const map = args.map === undefined ? undefined : await readTidyMap(args.map);
      const outcome = await importResults(
        args.paths,
        out,
        {
          format: args.format,
          map,
          models: args.models,
          filter: args.filter,
          metric: args.metric,
          rescore: args.rescore,
          skipBroken: args["skip-broken"] === true,
          placement: axis === undefined && end === undefined ? undefined : placementOf(axis ?? [], end ?? []),
        },
        { root, version },
      );
      terminal.out(json === true ? JSON.stringify(outcome) : describe(outcome, out));
      for (const line of described(outcome)) terminal.note(line);
    },
  });
}

function describe({ models, benchmarks, attempts, added, repeated: again }: ImportOutcome, out: string): string {
  const before = again === 0 ? "" : ` ${countOf(again, "run was", "runs were")} there already.`;
  return `${countOf(added, "run")} imported.${before} ${out} holds ${countOf(models, "model")}, ${countOf(benchmarks.length, "benchmark")} (${benchmarks.join(", ")}) and ${countOf(attempts, "score")}.\n\nmergesweep report ${out}`;
}

/** At most so many files are named. */
const SHOWN = 5;

function described({ leftOut, notes }: ImportOutcome): string[] {
  const { broken, passedOver } = leftOut;
  const more = passedOver.length > SHOWN ? ` and ${passedOver.length - SHOWN} more` : "";
  return [
    ...notes,
    ...(passedOver.length === 0 ? [] : [`No results: ${passedOver.slice(0, SHOWN).join(", ")}${more}.`]),
    ...(broken.length === 0 ? [] : [`${countOf(broken.length, "file")} could not be read:`]),
    ...broken.map(({ reason }) => `  ${reason}`),
  ];
}

function placementOf(axes: readonly string[], ends: readonly string[]): Placement {
  return {
    axes: Object.fromEntries(axes.map((text) => assignment(text, "--axis", "w=acc([0-9.]+)"))),
    ends: ends.map((text) => {
      const colon = text.indexOf(":");
      if (colon < 1 || colon === text.length - 1) {
        throw new UsageError(`--end: expected NAME=VALUE:MODEL such as w=0:my/expert, found "${text}"`);
      }
      const values = text.slice(0, colon).split(",");
      return {
        values: Object.fromEntries(values.map((value) => assignment(value, "--end", "w=0:my/expert"))),
        model: text.slice(colon + 1),
      };
    }),
  };
}

function assignment(text: string, flag: string, example: string): [string, string] {
  const match = /^(\w+)=(.+)$/.exec(text);
  if (match !== null) return [match[1] ?? "", match[2] ?? ""];
  throw new UsageError(`${flag}: expected a name, an equals sign and a value such as ${example}, found "${text}"`);
}

import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { comparisonTable } from "../../report/tables/compare-runs.ts";
import { compareStores } from "../../report/tables/compare-stores.ts";
import { alignedText } from "../../report/tables/summary-table.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";

/** `mergesweep compare A B`: two runs, or two points, problem by problem, from what is stored. */
export function compareCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store to compare with" })
        .positional("other", { type: "string", description: "Run store to compare (default: the same)" })
        .options(
          named({
            points: {
              type: "string",
              nargs: 2,
              requiresArg: true,
              array: true,
              description: "A point of the first run and one of the other",
              group: "Input:",
            },
            json: jsonFlag,
          }),
        )
        .example("$0 compare runs/eval-base runs/eval-merged", "two checkpoints")
        .example("$0 compare runs/pocket --points w=0 w=0.7", "two points of a sweep"),
    handler: async (args) => {
      const points = pairOf(args.points);
      if (args.other === undefined && points === undefined) {
        throw new UsageError("expected another run, or --points with two points of this one");
      }
      const { comparisons, graded, asked, sampled } = await compareStores(args.run, args.other, points);
      terminal.out(
        args.json === true ? JSON.stringify(comparisons, null, 2) : alignedText(comparisonTable(comparisons)),
      );
      for (const line of graded) {
        terminal.note(
          `The two were graded differently, so their accuracies are not comparable: ${line}. To grade imported answers again: mergesweep import PATHS --rescore --out RUN`,
        );
      }
      for (const line of asked) terminal.note(`The two were asked differently: ${line}`);
      for (const line of sampled) terminal.note(line);
      terminal.note(
        "Differences are of the point minus the one it is compared with, on the problems that both answered; in brackets 95% intervals. " +
          "p is of accuracy, adjusted for the number of comparisons.",
      );
    },
  });
}

function pairOf(points: readonly string[] | undefined): readonly [string, string] | undefined {
  if (points === undefined) return undefined;
  const [a, b] = points;
  if (points.length === 2 && a !== undefined && b !== undefined) return [a, b];
  throw new UsageError(`--points: expected two points, found ${points.length}: ${points.join(", ")}`);
}

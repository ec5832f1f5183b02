import { join } from "node:path";
import type { CommandModule } from "yargs";
import { renderReport } from "../../report/render-report.ts";
import { readRun } from "../../runs/run-store.ts";
import { scoreRun } from "../../sweep/score-run.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, textOption } from "../options.ts";

/** `mergesweep score RUN`: new scores from old completions. */
export function scoreCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "score <run>",
    describe: "Score the stored completions of a run again, without any model",
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options({
          root: { ...textOption("Folder with datasets/ (default: the working directory)"), group: "Input:" },
          out: { ...textOption("Folder of the report (default: reports/<name>)"), group: "Output:" },
          json: jsonFlag,
        }),
    handler: async (args) => {
      const rescored = await scoreRun(args.run, args.root ?? process.cwd());
      const run = await readRun(args.run);
      const { table } = await renderReport(run, args.out ?? join("reports", run.manifest.sweep));
      terminal.out(args.json === true ? JSON.stringify(rescored) : table);
      terminal.note(
        `${rescored.attempts} completions of ${rescored.units} units scored; ${rescored.changed} verdicts changed`,
      );
    },
  });
}

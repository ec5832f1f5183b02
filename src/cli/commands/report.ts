import { join } from "node:path";
import type { CommandModule } from "yargs";
import { renderReport } from "../../report/render-report.ts";
import { readRun } from "../../runs/run-store.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named, textOption } from "../options.ts";
import { reportFolder } from "../report-folder.ts";

/** `mergesweep report RUN`: tables and pictures from a run store, which may come from another machine. */
export function reportCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "report <run>",
    describe: "Render the report of a run again, without any model",
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(
          named({
            out: {
              ...textOption("Folder of the report (default: reports/, by the name of the store)"),
              group: "Output:",
            },
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      const run = await readRun(args.run);
      const folder = reportFolder(args.run, args.out);
      const { files, table, decisions } = await renderReport(run, folder);
      terminal.out(args.json === true ? JSON.stringify({ files, decisions }) : table);
      for (const decision of decisions) terminal.note(decision);
      terminal.note(files.map((file) => join(folder, file)).join("\n"));
    },
  });
}

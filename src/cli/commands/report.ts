import { basename, join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { renderReport } from "../../report/render-report.ts";
import { layOver } from "../../runs/lay-over.ts";
import { readRun } from "../../runs/run-store.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named, textOption } from "../options.ts";
import { reportFolder } from "../report-folder.ts";

/** `mergesweep report RUN`: tables and pictures from a run store, which may come from another machine. */
export function reportCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "report <runs..>",
    describe: "Render the report of a run again, or of several laid over one another; without any model",
    builder: (parser) =>
      parser
        .positional("runs", {
          type: "string",
          array: true,
          demandOption: true,
          description: "Run stores, e.g. runs/pocket",
        })
        .options(
          named({
            out: {
              ...textOption("Folder of the report (default: reports/, by the names of the stores)"),
              group: "Output:",
            },
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      const stores = args.runs.map((run) => ({ name: basename(resolve(run)), folder: run }));
      const runs = await Promise.all(stores.map(async ({ name, folder }) => ({ name, run: await readRun(folder) })));
      const run = layOver(runs);
      const folder = reportFolder(stores.map(({ name }) => name).join("+"), args.out);
      const { files, table, decisions } = await renderReport(run, folder);
      terminal.out(args.json === true ? JSON.stringify({ files, decisions }) : table);
      for (const decision of decisions) terminal.note(decision);
      terminal.note(files.map((file) => join(folder, file)).join("\n"));
    },
  });
}

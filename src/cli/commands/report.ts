import { basename, join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { PICTURE_FORMATS } from "../../report/pictures/draw-pictures.ts";
import { PICTURE_KINDS } from "../../report/pictures/picture.ts";
import { renderReport } from "../../report/render-report.ts";
import { layOver } from "../../runs/lay-over.ts";
import { readRun } from "../../runs/read-run.ts";
import type { CliContext } from "../context.ts";
import {
  choiceListOption,
  defineCommand,
  integerOption,
  jsonFlag,
  named,
  rawCsvFlag,
  textOption,
} from "../flags/options.ts";
import { openFlag, openPage } from "../page/open-page.ts";
import { serveFolder, serveLive } from "../page/serve-page.ts";
import { readCard, writeCard } from "../page/write-card.ts";
import { reportFolder, sayFailures } from "../report-folder.ts";

const PICTURES = "Pictures:";
const SERVER = "Server:";

/** Flags about files and what is printed of them. */
const OF_FILES = ["out", "format", "width", "dpi", "theme", "pictures", "card", "raw-csv", "json"] as const;

/** Whether a flag says anything: one that is not there does not, nor one that is switched off. */
function given(value: unknown): boolean {
  return value !== undefined && value !== false;
}

/** `mergesweep report RUN`: tables and pictures from a run store, which may come from another machine. */
export function reportCommand(context: CliContext): CommandModule {
  const { terminal } = context;
  return defineCommand({
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
            format: {
              ...choiceListOption("Files of each picture: png, svg, pdf (default: png)", PICTURE_FORMATS),
              group: PICTURES,
            },
            width: {
              ...integerOption("Width of a picture in pixels of 1/96 inch (default: 800)", 300),
              group: PICTURES,
            },
            dpi: { ...integerOption("Pixels per inch of a PNG (default: 192)", 36), group: PICTURES },
            theme: {
              type: "string",
              choices: ["light", "dark"],
              description: "Colours of the pictures (default: light)",
              group: PICTURES,
            } as const,
            pictures: {
              ...choiceListOption(`Only these pictures: ${PICTURE_KINDS.join(", ")}`, PICTURE_KINDS),
              group: PICTURES,
            },
            card: {
              ...textOption(
                "A merge of this run: the results are written into its README.md, and as the hub's model-index",
              ),
              group: "Output:",
            },
            open: openFlag,
            serve: {
              type: "boolean",
              description: "Serve the page on 127.0.0.1 until Ctrl-C",
              group: SERVER,
            } as const,
            watch: {
              type: "boolean",
              description: "With --serve: update the page during the run; writes nothing",
              group: SERVER,
            } as const,
            port: { ...integerOption("Port to serve on (default: a free one)", 0, 65_535), group: SERVER },
            "raw-csv": rawCsvFlag,
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      if (args.watch === true) {
        if (args.serve !== true) throw new UsageError("--watch: expected --serve as well");
        for (const flag of OF_FILES) {
          if (given(args[flag]))
            throw new UsageError(`--${flag}: cannot be combined with --watch, which writes no files`);
        }
        const [folder, ...others] = args.runs;
        if (folder === undefined || others.length > 0) throw new UsageError("--watch: expected one run");
        await serveLive(context, folder, args);
        return;
      }
      if (given(args.port) && args.serve !== true) throw new UsageError("--port: expected --serve as well");
      const stores = args.runs.map((run) => ({ name: basename(resolve(run)), folder: run }));
      const runs = await Promise.all(stores.map(async ({ name, folder }) => ({ name, run: await readRun(folder) })));
      const run = layOver(runs);
      const card = args.card === undefined ? undefined : await readCard(context, args.card, run);
      const folder = reportFolder(stores.map(({ name }) => name).join("+"), args.out);
      const { files, table, decisions, failures, content } = await renderReport(run, folder, {
        csv: { raw: args.rawCsv === true },
        pictures: {
          ...(args.format === undefined ? {} : { formats: args.format }),
          ...(args.width === undefined ? {} : { width: args.width }),
          ...(args.dpi === undefined ? {} : { dpi: args.dpi }),
          ...(args.theme === undefined ? {} : { theme: args.theme }),
          ...(args.pictures === undefined ? {} : { only: args.pictures }),
        },
      });
      terminal.out(args.json === true ? JSON.stringify({ files, decisions, failures }) : table);
      for (const decision of decisions) terminal.note(decision);
      terminal.note(files.map((file) => join(folder, file)).join("\n"));
      sayFailures(context, failures);
      if (card !== undefined) await writeCard(context, card, { folder, content, files });
      if (args.serve === true) await serveFolder(context, folder, args);
      else if (args.open === true) openPage(terminal, join(folder, "index.html"));
    },
  });
}

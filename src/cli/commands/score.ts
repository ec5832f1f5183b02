import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { countOf } from "../../base/count-of.ts";
import { UsageError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { type RenderedReport, renderReport } from "../../report/render-report.ts";
import { disagreementsCsv, disagreementTable, findDisagreements } from "../../report/tables/disagreements.ts";
import { alignedText } from "../../report/tables/summary-table.ts";
import { readRun } from "../../runs/read-run.ts";
import { EXTRACTION_PROFILES } from "../../scorers/accuracy/extract/extract.ts";
import { type Rescored, scoreRun, scoresUnder } from "../../sweep/run/score-run.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named, rawCsvFlag, textOption } from "../flags/options.ts";
import { reportFolder, sayFailures } from "../report-folder.ts";

/** `mergesweep score RUN`: new scores from old completions. */
export function scoreCommand(context: CliContext): CommandModule {
  const { terminal } = context;
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(
          named({
            root: { ...textOption("Folder with datasets/ (default: the working directory)"), group: "Input:" },
            profile: {
              type: "string",
              array: true,
              nargs: 1,
              choices: EXTRACTION_PROFILES,
              description: "Extract answers in another project's order; given twice: list where the two disagree",
              group: "Input:",
            },
            out: {
              ...textOption(
                "Write a report there and leave the run's scores as they are (default: the run gets the new ones)",
              ),
              group: "Output:",
            },
            "raw-csv": rawCsvFlag,
            json: jsonFlag,
          }),
        )
        .example("$0 score runs/pocket", "after an update of mergesweep")
        .example("$0 score runs/pocket --profile default --profile qwen", "what another grader would have said"),
    handler: async (args) => {
      const { run: folder, root = process.cwd(), profile: profiles = [] } = args;
      const report = reportFolder(folder, args.out);
      if (profiles.length > 1) {
        const { table, json, rows } = await compareProfiles(folder, root, pairOf(profiles), report);
        terminal.out(args.json === true ? json : table);
        terminal.note(
          `${countOf(rows, "completion is", "completions are")} judged differently: ${join(report, DISAGREEMENTS)}. The run keeps its scores.`,
        );
        return;
      }
      const { rescored, table, failures } = await scoreAndReport(folder, root, {
        profile: profiles[0],
        out: args.out,
        raw: args.rawCsv === true,
      });
      terminal.out(args.json === true ? JSON.stringify(rescored) : table);
      terminal.note(
        `${countOf(rescored.attempts, "completion")} of ${countOf(rescored.units, "unit")} scored; ${countOf(rescored.changed, "verdict")} changed`,
      );
      sayFailures(context, failures);
    },
  });
}

/** Scores a run for good, or, with a folder for the report, for this report only. */
async function scoreAndReport(
  folder: string,
  root: string,
  { profile, out, raw }: { profile: string | undefined; out: string | undefined; raw: boolean },
): Promise<{ rescored: Rescored } & RenderedReport> {
  if (out === undefined) {
    const rescored = await scoreRun(folder, root, { profile });
    return {
      rescored,
      ...(await renderReport(await readRun(folder), reportFolder(folder, undefined), { csv: { raw } })),
    };
  }
  const into = await mkdtemp(join(tmpdir(), "mergesweep-score-"));
  try {
    const rescored = await scoreRun(folder, root, { profile, into });
    const run = await readRun(folder, { scoresOf: (unit) => join(into, unit), profile });
    return { rescored, ...(await renderReport(run, out, { csv: { raw } })) };
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

const DISAGREEMENTS = "disagreements.csv";

function pairOf(profiles: readonly string[]): [string, string] {
  const [first, second] = profiles;
  if (profiles.length === 2 && first !== undefined && second !== undefined && first !== second) return [first, second];
  throw new UsageError(`--profile: expected one, or two different ones, found ${profiles.join(", ")}`);
}

/** Scores the run under both profiles, keeps neither, and writes what they judge differently. */
async function compareProfiles(
  folder: string,
  root: string,
  names: [string, string],
  report: string,
): Promise<{ table: string; json: string; rows: number }> {
  const first = await scoresUnder(folder, root, names[0]);
  const second = await scoresUnder(folder, root, names[1]);
  const found = findDisagreements(first, second);
  await writeFileAtomic(join(report, DISAGREEMENTS), disagreementsCsv(found, names));
  return {
    table: alignedText(disagreementTable(first, found, names)),
    json: JSON.stringify({ profiles: names, disagreements: found }),
    rows: found.length,
  };
}

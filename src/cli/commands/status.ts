import type { CommandModule } from "yargs";
import { type SummaryRow, summarize } from "../../findings/summarize.ts";
import { alignedText, summaryTable } from "../../report/tables/summary-table.ts";
import { LiveRun } from "../../sweep/run/live-run.ts";
import { describeSubmitted, readSubmitted } from "../cluster/describe-jobs.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { describeStatus, readStatus } from "../run/run-status.ts";

/** `mergesweep status RUN`: how far a run is, also while another process works on it. */
export function statusCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(
          named({
            scores: {
              type: "boolean",
              description: "Also score the questions answered so far; takes a while for large runs",
            } as const,
            json: jsonFlag,
          }),
        ),
    handler: async (args) => {
      const status = await readStatus(args.run);
      const slurm = await readSubmitted(args.run);
      const rows = args.scores === true ? summarize(await new LiveRun(args.run).read()) : null;
      if (args.json === true) {
        terminal.out(JSON.stringify({ ...status, slurm, scores: rows?.map(scoresOf) ?? null }, null, 2));
        return;
      }
      const jobs = slurm.flatMap(describeSubmitted);
      terminal.out([describeStatus(status), ...jobs, ...(rows === null ? [] : ["", describeScores(rows)])].join("\n"));
    },
  });
}

/** What of a row there is while a run goes on. */
function scoresOf(row: SummaryRow): Record<string, unknown> {
  const { point, benchmark, samples, accuracy, accuracyStrict, format, tokens } = row;
  return {
    point,
    benchmark,
    questions: samples,
    accuracy: accuracy.value,
    accuracy_strict: accuracyStrict.value,
    format: format.value,
    tokens_mean: tokens.value,
  };
}

function describeScores(rows: readonly SummaryRow[]): string {
  if (rows.length === 0) return "No question has all of its answers yet.";
  const table = summaryTable(rows);
  const text = alignedText({
    ...table,
    header: [...table.header, "questions"],
    rows: table.rows.map((cells, i) => [...cells, String(rows[i]?.samples ?? "")]),
  });
  return `Over the questions that have all of their answers:\n${text.trimEnd()}${table.note === "" ? "" : `\n${table.note}`}`;
}

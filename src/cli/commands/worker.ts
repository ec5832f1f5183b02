import { resolve } from "node:path";
import type { CommandModule } from "yargs";
import { searchSchema } from "../../sweep/file/search-config.ts";
import type { CliContext } from "../context.ts";
import { workFlags } from "../flags/execution-flags.ts";
import { defineCommand, jsonFlag, named, optionalText } from "../flags/options.ts";
import { checkTrust, trustFlag } from "../flags/trust.ts";
import { reportFolder } from "../report-folder.ts";
import { reportAsLast } from "../run/report-run.ts";
import { planAgain } from "../run/run-setup.ts";
import { sayUnfinished, workOnPlan } from "../run/work-on-plan.ts";

/** `mergesweep worker RUN`: joins a run that was set down, and works until nothing is left. */
export function workerCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(named(workFlags))
        .options(trustFlag)
        .options(
          named({
            report: {
              ...optionalText(
                "The last worker to end renders the report, into this folder (reports/NAME if none is said)",
              ),
              group: "Output:",
            },
            json: jsonFlag,
          }),
        )
        .example("$0 plan sweeps/pocket.yaml --store", "prepare a run")
        .example("$0 worker runs/pocket", "on every machine that sees the folder")
        .example("$0 worker runs/pocket --report", "the same; whoever ends last renders the report")
        .example("$0 report runs/pocket", "at any time; of the points that are done"),
    handler: async (args) => {
      // Before the folder is entered in which the run was set down.
      const report = args.report === undefined || args.report === "" ? args.report : resolve(args.report);
      const { sweep, plan, setup } = await planAgain(context, args.run);
      try {
        const serve = typeof setup.overrides.serve === "string" ? setup.overrides.serve : undefined;
        await checkTrust(sweep, { serve, trust: args.trust }, context.terminal);
        const search = setup.search === undefined ? undefined : searchSchema.parse(setup.search);
        const outcome = await workOnPlan(context, plan, args, { search });
        const { store: out } = plan;
        const json = args.json === true;
        const folder = reportFolder(out, report === "" ? undefined : report, plan.trial);
        const view = search === undefined ? plan.manifest : undefined;
        const reported =
          report !== undefined &&
          outcome.left === 0 &&
          (await reportAsLast(context, view, { outcome, out, folder, json, rawCsv: false }));
        if (json && !reported) context.terminal.out(JSON.stringify({ ...outcome, run: out }));
        sayUnfinished(context, plan, outcome);
      } finally {
        await plan.close();
      }
    },
  });
}

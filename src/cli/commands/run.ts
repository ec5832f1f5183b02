import type { CommandModule } from "yargs";
import { readSweepFile } from "../../sweep/file/config.ts";
import { planSweep } from "../../sweep/plan/plan.ts";
import type { CliContext } from "../context.ts";
import { executionFlags } from "../execution-flags.ts";
import { defineCommand, named } from "../options.ts";
import { runPlan } from "../run-plan.ts";
import { downloads } from "../show-downloads.ts";
import { onlyFlag, overridesOf, sweepFlags } from "../sweep-flags.ts";

/** `mergesweep run SWEEP`: make, evaluate and report every point that is not done yet. */
export function runCommand(context: CliContext): CommandModule {
  return defineCommand({
    command: "run <sweep>",
    describe: "Run a sweep, or go on with it, and render its report",
    builder: (parser) =>
      parser
        .positional("sweep", { type: "string", demandOption: true, description: "Sweep file (YAML)" })
        .options(named(sweepFlags))
        .options(named(onlyFlag))
        .options(named(executionFlags))
        .example("$0 run sweeps/pocket.yaml", "the whole sweep")
        .example("$0 run sweeps/pocket.yaml --only w=0.1 --limit 50 --out runs/try", "a quick look at one point"),
    handler: async (args) => {
      const sweep = await readSweepFile(args.sweep);
      const plan = await planSweep(sweep, overridesOf(args), context.version, downloads(context));
      try {
        await runPlan(context, plan, args);
      } finally {
        await plan.close();
      }
    },
  });
}

import type { CommandModule } from "yargs";
import type { CliContext } from "../context.ts";
import { workFlags } from "../flags/execution-flags.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { checkTrust, trustFlag } from "../flags/trust.ts";
import { planAgain } from "../run-setup.ts";
import { sayUnfinished, workOnPlan } from "../work-on-plan.ts";

/** `mergesweep worker RUN`: joins a run that was set down, and works until nothing is left. */
export function workerCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(named(workFlags))
        .options(trustFlag)
        .options(named({ json: jsonFlag }))
        .example("$0 plan sweeps/pocket.yaml --store", "set a run down")
        .example("$0 worker runs/pocket", "on every machine that sees the folder")
        .example("$0 report runs/pocket", "when they have ended, or before"),
    handler: async (args) => {
      const { sweep, plan, setup } = await planAgain(context, args.run);
      try {
        const serve = typeof setup.overrides.serve === "string" ? setup.overrides.serve : undefined;
        await checkTrust(sweep, { serve, trust: args.trust }, context.terminal);
        const outcome = await workOnPlan(context, plan, args);
        if (args.json === true) context.terminal.out(JSON.stringify({ ...outcome, run: plan.store }));
        sayUnfinished(context, plan, outcome);
      } finally {
        await plan.close();
      }
    },
  });
}

import type { CommandModule } from "yargs";
import { cancelJobs } from "../../../cluster/cancel.ts";
import { readManifest } from "../../../runs/read-manifest.ts";
import type { CliContext } from "../../context.ts";
import { defineCommand, jsonFlag, named } from "../../flags/options.ts";

/** `mergesweep cancel RUN`: ends the jobs that were submitted for a run. */
export function cancelCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(named({ json: jsonFlag })),
    handler: async ({ run, json }) => {
      await readManifest(run);
      const cancelled = await cancelJobs(run);
      if (json === true) terminal.out(JSON.stringify({ run, cancelled }));
      else if (cancelled.length === 0) terminal.out(`None of the jobs of ${run} is pending or running.`);
      else terminal.out(`Cancelled: ${cancelled.map((id) => `job ${id}`).join(", ")}.`);
    },
  });
}

import type { CommandModule } from "yargs";
import { recoverRun } from "../../runs/recover.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";

/** `mergesweep recover RUN`: says what is damaged in a run store, and mends what can be mended. */
export function recoverCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("run", { type: "string", demandOption: true, description: "Run store, e.g. runs/pocket" })
        .options(named({ json: jsonFlag }))
        .example("$0 recover runs/pocket", "after a crash of the machine, or a copy that was cut off"),
    handler: async (args) => {
      const found = await recoverRun(args.run);
      terminal.out(
        args.json === true ? JSON.stringify(found) : found.map(({ point, what }) => `${point}: ${what}`).join("\n"),
      );
      terminal.note(
        found.length === 0
          ? "Nothing is damaged."
          : "Run the sweep again with the original command: only what is missing is asked.",
      );
    },
  });
}

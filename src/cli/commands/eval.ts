import type { CommandModule } from "yargs";
import { defineEvaluation } from "../../sweep/file/define-sweep.ts";
import type { CliContext } from "../context.ts";
import { executionFlags } from "../flags/execution-flags.ts";
import { defineCommand, named } from "../flags/options.ts";
import { sweepFlags } from "../flags/sweep-flags.ts";
import { planAndRun } from "../run/run-plan.ts";

/** `mergesweep eval MODEL`: one checkpoint, evaluated as a sweep evaluates a point. */
export function evalCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("model", { type: "string", demandOption: true, description: "Checkpoint folder or GGUF file" })
        .options(named(sweepFlags))
        .options(named(executionFlags))
        .example("$0 eval checkpoints/pocket/len --limit 50", "a quick look at a checkpoint")
        .example("$0 eval model.gguf --temperature 0.6 --attempts 4", "sampled, four times each")
        .example("$0 eval MODEL --serve 'vllm serve {model} --port {port}'", "by a server that is started for it"),
    handler: async (args) => {
      const { model, benchmarks } = args;
      const sweep = await defineEvaluation(model, { benchmarks });
      await planAndRun(context, sweep, args, { kind: "model", model, benchmarks });
    },
  });
}

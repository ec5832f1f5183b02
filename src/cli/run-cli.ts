import yargs from "yargs";
import { isSystemError, MergesweepError, messageOf, UsageError } from "../base/errors.ts";
import { shellWord } from "../base/shell-word.ts";
import { commands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { EXIT, exitCodeOf, Interrupted } from "./exit-codes.ts";
import { typedForm } from "./typed-form.ts";
import { usageErrorOf } from "./usage-errors.ts";

const EPILOGUE = `Exit codes: 0 done; 1 units failed; 2 usage, config or input error, nothing was
started; 70 a bug in mergesweep; 75 ended with work left (SIGUSR2, cancelled jobs); 129, 130 and
143 interrupted (a closed terminal, Ctrl-C, SIGTERM), everything finished is saved. A reader of
the output that goes (| head) ends nothing.`;

/**
 * Runs one command line and gives back the exit code. Prints through the context only, and never ends the process.
 *
 * @param args without `node` and the script
 * @param given with `program`, by default `mergesweep`
 */
export async function runCli(
  args: readonly string[],
  given: Omit<CliContext, "setExitCode" | "commandLine" | "program"> & { readonly program?: string },
): Promise<number> {
  let code: number = EXIT.done;
  let help = "";
  const { program = "mergesweep" } = given;
  const context: CliContext = {
    ...given,
    terminal: typedForm(given.terminal, program),
    program,
    commandLine: [program, ...args.map(shellWord)].join(" "),
    setExitCode: (value) => {
      code = value;
    },
  };
  const parser = yargs()
    .scriptName("mergesweep")
    .usage("$0 <command>\n\nCompare merge weights: make the merges, evaluate each, report with intervals.")
    .example("$0 run sweeps/pocket.yaml", "run a sweep, or go on with it")
    .example("$0 report runs/pocket", "render its report again, without a model")
    .strict()
    .strictCommands()
    .demandCommand(1, "expected a command")
    .recommendCommands()
    .version(context.version)
    .help()
    .alias("help", "h")
    .completion("completion", "Print a completion script for your shell")
    .option("quiet", { alias: "q", type: "boolean", global: true, description: "No progress, only the result" })
    .epilogue(EPILOGUE)
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .parserConfiguration({ "strip-aliased": true, "duplicate-arguments-array": true, "populate--": true })
    .middleware(refuseDashes)
    .exitProcess(false)
    .fail((message: string, error: unknown, usage: object) => {
      // What a flag's own check says arrives wrapped in an error of yargs'; anything else comes from the command itself.
      const ofYargs = !(error instanceof Error) || error.name === "YError";
      throw ofYargs ? usageErrorOf(message, args, usage) : error;
    });
  for (const command of await commands(context, args)) parser.command(command);
  try {
    await parser.parseAsync([...args], {}, (_error, _argv, output) => {
      help = output;
    });
    if (help !== "") context.terminal.out(help);
    return code;
  } catch (error) {
    report(error, context);
    return exitCodeOf(error);
  }
}

/** Only `submit` hands on what stands after two dashes. */
function refuseDashes({
  _: [command],
  "--": dashed,
}: {
  readonly _: readonly unknown[];
  readonly "--"?: unknown;
}): void {
  if (command === "submit" || !Array.isArray(dashed) || dashed.length === 0) return;
  throw new UsageError(`unexpected argument "${dashed[0]}"`);
}

function report(error: unknown, { terminal }: Pick<CliContext, "terminal">): void {
  if (error instanceof Interrupted) return;
  if (error instanceof MergesweepError) {
    terminal.error(`mergesweep: ${error.message}`);
    if (error.hint !== undefined) terminal.error(error.hint);
    return;
  }
  if (isSystemError(error)) {
    terminal.error(`mergesweep: ${messageOf(error)}`);
    return;
  }
  terminal.error(`mergesweep: unexpected error; this is a bug, please report it:`);
  terminal.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

import type { CommandModule } from "yargs";
import type { CliContext } from "../context.ts";

/** A command as the list of all shows it, and where the rest of it is. */
interface CommandEntry {
  /** Its name and what stands behind it, as yargs reads them. */
  readonly command: string;
  readonly describe: string;
  readonly load: () => Promise<(context: CliContext) => CommandModule>;
}

/** In the order of the help. */
const COMMANDS: readonly CommandEntry[] = [
  {
    command: "run <sweep>",
    describe: "Run a sweep, or resume it, and render its report",
    load: async () => (await import("./run.ts")).runCommand,
  },
  {
    command: "eval <model>",
    describe: "Evaluate one checkpoint, or resume doing so, and render its report",
    load: async () => (await import("./eval.ts")).evalCommand,
  },
  {
    command: "plan <sweep>",
    describe: "Check a sweep and show what it would do; writes nothing without --store",
    load: async () => (await import("./plan.ts")).planCommand,
  },
  {
    command: "worker <run>",
    describe: "Work on a prepared run, alongside any number of other workers",
    load: async () => (await import("./worker.ts")).workerCommand,
  },
  {
    command: "submit <cluster> <run>",
    describe: "Run a sweep as jobs on a cluster: workers, then the report",
    load: async () => (await import("./cluster/submit.ts")).submitCommand,
  },
  {
    command: "cancel <run>",
    describe: "Cancel a run's cluster jobs; what was answered is kept",
    load: async () => (await import("./cluster/cancel.ts")).cancelCommand,
  },
  {
    command: "reproduce <target>",
    describe: "Try to reproduce published numbers, and give a verdict",
    load: async () => (await import("./reproduce.ts")).reproduceCommand,
  },
  {
    command: "status <run>",
    describe: "Show the progress and speed of a run, and its workers",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  {
    command: "report <runs..>",
    describe: "Render the report of a run again, or of several runs overlaid; needs no model",
    load: async () => (await import("./report.ts")).reportCommand,
  },
  {
    command: "compare <run> [other]",
    describe: "Compare two runs, or two points, problem by problem; needs no model",
    load: async () => (await import("./compare.ts")).compareCommand,
  },
  {
    command: "score <run>",
    describe: "Score the stored completions of a run again; needs no model",
    load: async () => (await import("./score.ts")).scoreCommand,
  },
  {
    command: "recover <run>",
    describe: "Find and repair damage in a run store; nothing is thrown away",
    load: async () => (await import("./recover.ts")).recoverCommand,
  },
  {
    command: "import <paths..>",
    describe:
      "Import results of lm-evaluation-harness, lighteval, Inspect, verifiers or simple-evals, or a table, into a run store",
    load: async () => (await import("./import.ts")).importCommand,
  },
  {
    command: "merge <config> <out>",
    describe: "Merge checkpoints by a mergekit config, bit for bit as mergekit does",
    load: async () => (await import("./merge.ts")).mergeCommand,
  },
  {
    command: "verify <merged>",
    describe: "Make a merge again in memory and check whether a published one matches it, bit for bit",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    command: "convert <model> <out>",
    describe: "Convert a checkpoint to GGUF",
    load: async () => (await import("./convert.ts")).convertCommand,
  },
  {
    command: "grade [cases]",
    describe: "Grade answers against gold answers, with the reasons",
    load: async () => (await import("./grade.ts")).gradeCommand,
  },
  {
    command: "datasets",
    describe: "List, describe, fetch, check and show the benchmarks",
    load: async () => (await import("./datasets.ts")).datasetsCommand,
  },
  {
    command: "init [folder]",
    describe: "Make an example project: the pocket sweep, and one of your own to fill in",
    load: async () => (await import("./init.ts")).initCommand,
  },
  {
    command: "doctor [model]",
    describe: "Show versions, machine and runtime: the first thing to include in a bug report",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
];

export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ command }) => nameOf(command));

function nameOf(command: string): string {
  return command.split(" ")[0] ?? command;
}

/**
 * Every command. Only those whose names are among the words of the command line are loaded with their flags: a start takes as
 * long as the code that it reads.
 */
export async function commands(context: CliContext, args: readonly string[]): Promise<CommandModule[]> {
  return await Promise.all(
    COMMANDS.map(async ({ command, describe, load }) => {
      const name = nameOf(command);
      const body = args.includes(name) ? (await load())(context) : notLoaded(name);
      return { command, describe, ...body };
    }),
  );
}

function notLoaded(name: string): CommandModule {
  return {
    handler: () => {
      throw new Error(`${name} ran without its name on the command line`);
    },
  };
}

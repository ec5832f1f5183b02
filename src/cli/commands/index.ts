import type { CommandModule } from "yargs";
import type { CliContext } from "../context.ts";
import { compareCommand } from "./compare.ts";
import { convertCommand } from "./convert.ts";
import { datasetsCommand } from "./datasets.ts";
import { doctorCommand } from "./doctor.ts";
import { evalCommand } from "./eval.ts";
import { gradeCommand } from "./grade.ts";
import { importCommand } from "./import.ts";
import { initCommand } from "./init.ts";
import { mergeCommand } from "./merge.ts";
import { planCommand } from "./plan.ts";
import { recoverCommand } from "./recover.ts";
import { reportCommand } from "./report.ts";
import { reproduceCommand } from "./reproduce.ts";
import { runCommand } from "./run.ts";
import { scoreCommand } from "./score.ts";
import { statusCommand } from "./status.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order of the help. */
export function commands(context: CliContext): CommandModule[] {
  return [
    runCommand(context),
    evalCommand(context),
    planCommand(context),
    reproduceCommand(context),
    statusCommand(context),
    reportCommand(context),
    compareCommand(context),
    scoreCommand(context),
    recoverCommand(context),
    importCommand(context),
    mergeCommand(context),
    verifyCommand(context),
    convertCommand(context),
    gradeCommand(context),
    datasetsCommand(context),
    initCommand(context),
    doctorCommand(context),
  ];
}

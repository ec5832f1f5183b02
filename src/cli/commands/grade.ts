import { readFile } from "node:fs/promises";
import type { CommandModule } from "yargs";
import { InputError, systemCodeOf, UsageError } from "../../base/errors.ts";
import { parseJsonLines } from "../../base/jsonl.ts";
import type { Grade } from "../../scorers/accuracy/grade-answer.ts";
import type { CliContext } from "../context.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { gradeCase } from "../grade-case.ts";

/** `mergesweep grade`: is this answer that answer, and why. */
export function gradeCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("cases", {
          type: "string",
          description: "JSON Lines with id, gold, pred, and optionally mode, opts",
        })
        .options(
          named({
            gold: { type: "string", requiresArg: true, description: "The right answer", group: "Input:" },
            answer: { type: "string", requiresArg: true, description: "The answer to grade", group: "Input:" },
            json: jsonFlag,
          }),
        )
        .example("$0 grade --gold '\\frac12' --answer 0.5", "one pair")
        .example("$0 grade cases.jsonl --json", "one verdict per line"),
    handler: async (args) => {
      if (args.cases === undefined) {
        if (args.gold === undefined || args.answer === undefined) {
          throw new UsageError("expected a file of cases, or --gold and --answer");
        }
        const grade = gradeCase({ gold: args.gold, pred: args.answer });
        terminal.out(args.json === true ? JSON.stringify(verdictOf(grade)) : describeGrade(grade));
        return;
      }
      if (args.gold !== undefined || args.answer !== undefined) {
        throw new UsageError("expected a file of cases, or --gold and --answer; found both");
      }
      // One pair is graded without the checks of a file.
      const { parseGradeCases } = await import("../grade-cases.ts");
      const path = args.cases;
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        if (systemCodeOf(error) !== "ENOENT") throw error;
        throw new InputError(`Expected a file of cases, found none at ${path}`);
      });
      const graded = parseGradeCases(parseJsonLines(text, path), path).map((one) => ({
        id: one.id,
        grade: gradeCase(one),
      }));
      if (graded.length === 0) throw new InputError(`Expected at least one case in ${path}, found none`);
      terminal.out(
        graded
          .map(({ id, grade }) =>
            args.json === true
              ? JSON.stringify({ id, ...verdictOf(grade) })
              : `${id}: ${grade.status} (${grade.path}, ${grade.rule})`,
          )
          .join("\n"),
      );
      const correct = graded.filter(({ grade }) => grade.correct).length;
      terminal.note(`${correct} of ${graded.length} correct`);
    },
  });
}

function verdictOf(grade: Grade): Record<string, unknown> {
  const { correct, status, path, rule, answer } = grade;
  const [gold, pred] = grade.normalForms();
  return { correct, status, path, rule, answer, gold_normal: gold, pred_normal: pred };
}

function describeGrade(grade: Grade): string {
  const [gold, pred] = grade.normalForms();
  return [
    grade.correct ? "correct" : grade.status,
    `  found    ${grade.answer ?? "no answer"} (${grade.path})`,
    `  rule     ${grade.rule}`,
    `  gold is  ${gold}`,
    `  found is ${pred}`,
  ].join("\n");
}

import { type Grade, gradeAnswer } from "../scorers/accuracy/grade-answer.ts";
import type { GradeCase } from "./grade-cases.ts";

/** Grades a case with the options that it asks for; they have Math-Verify's names. */
export function gradeCase({ gold, pred, mode, opts }: Pick<GradeCase, "gold" | "pred" | "mode" | "opts">): Grade {
  return gradeAnswer({
    gold,
    pred,
    mode,
    options: {
      choices: opts?.choices,
      precision: opts?.precision,
      strict: opts?.strict,
      allowSetRelationComp: opts?.allow_set_relation_comp,
      matchTypes: opts?.match_types,
      boxedPriority: opts?.boxed_priority,
      percentFace: opts?.percent_face,
      tolerance: opts?.tolerance,
      unit: opts?.unit,
      profile: opts?.profile,
    },
  });
}

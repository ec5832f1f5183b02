import { z } from "zod";
import { InputError } from "../base/errors.ts";
import { EXTRACTION_PROFILES } from "../scorers/accuracy/extract/extract.ts";

/** A pair to grade, as a line of a cases file. Fields that are not named here (labels, sources) are passed over. */
export const gradeCaseSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  gold: z.string(),
  pred: z.string(),
  /** `answer`: both sides are bare; `response`: `pred` is a whole completion; `text`: both sides are. */
  mode: z.enum(["answer", "response", "text"]).optional(),
  opts: z
    .object({
      choices: z.array(z.string()).optional(),
      precision: z.number().optional(),
      strict: z.boolean().optional(),
      allow_set_relation_comp: z.boolean().optional(),
      match_types: z.array(z.string()).optional(),
      boxed_priority: z.number().optional(),
      percent_face: z.boolean().optional(),
      tolerance: z.number().optional(),
      unit: z.string().optional(),
      profile: z.enum(EXTRACTION_PROFILES).optional(),
    })
    .nullish(),
});
export type GradeCase = z.infer<typeof gradeCaseSchema>;

/**
 * Checks the values of a cases file.
 *
 * @throws InputError naming the case (counted from 1) and the field that is wrong
 */
export function parseGradeCases(values: readonly unknown[], name: string): GradeCase[] {
  return values.map((value, index) => {
    const result = gradeCaseSchema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new InputError(`${name}: case ${index + 1}: "${issue?.path.join(".")}": ${issue?.message}`, {
      hint: "A case has id, gold and pred, and optionally mode (answer, response, text) and opts.",
    });
  });
}

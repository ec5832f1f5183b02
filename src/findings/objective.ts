import { z } from "zod";
import { countOf } from "../base/count-of.ts";
import { CONFIDENCE } from "../stats/interval.ts";
import type { Evidence, RateId } from "./evidence.ts";
import { isMeasured } from "./evidence.ts";
import { listed } from "./measures.ts";
import { percent } from "./numbers.ts";

const rates = ["accuracy", "accuracy_strict", "format"] as const satisfies readonly RateId[];
const points = z.number().min(0).max(100);

/** What a sweep is for: the cheapest point that keeps what must be kept, or the most of one rate. */
export const objectiveSchema = z.union(
  [
    z.strictObject({
      /** What should become small. */
      minimise: z.literal("tokens"),
      /** Points of percent that may be lost of each, with 95% confidence. */
      keep: z
        .strictObject({ accuracy: points.optional(), accuracy_strict: points.optional(), format: points.optional() })
        .refine(
          (keep) => Object.values(keep).some((value) => value !== undefined),
          "expected at least one of accuracy, accuracy_strict, format",
        ),
      /** Against what: the best point, `first` or `last` of the axis, or the name of a point or reference. */
      against: z.string().min(1).default("best"),
      /** Whether every benchmark is asked by itself, instead of their mean. */
      per_benchmark: z.boolean().default(false),
    }),
    z.strictObject({
      /** What should become large. */
      maximise: z.enum(rates),
      per_benchmark: z.boolean().default(false),
    }),
  ],
  "expected { minimise: tokens, keep: { accuracy_strict: 1, format: 1 }, against: best } or { maximise: accuracy }",
);
/** As it is stored. */
export type Objective = z.infer<typeof objectiveSchema>;

/** An objective, and whether the sweep states it. */
export interface ChosenObjective {
  readonly objective: Objective;
  readonly stated: boolean;
  /** Measures that the default would look at, and that these results do not have. */
  readonly missing: readonly string[];
}

/** The stated objective, or the default for what was measured. */
export function chooseObjective(stated: Objective | undefined, evidence: readonly Evidence[]): ChosenObjective {
  if (stated !== undefined) return { objective: stated, stated: true, missing: [] };
  const has = (measure: RateId | "tokens"): boolean =>
    evidence.every((one) => one.points.every((_, place) => isMeasured(one, measure, place)));
  const missing = (["tokens", "format", "accuracy_strict"] as const).filter((measure) => !has(measure));
  if (!has("tokens")) {
    const maximise = has("accuracy_strict") ? "accuracy_strict" : "accuracy";
    return { objective: { maximise, per_benchmark: false }, stated: false, missing };
  }
  const keep = {
    ...(has("accuracy_strict") ? { accuracy_strict: 1 } : { accuracy: 1 }),
    ...(has("format") ? { format: 1 } : {}),
  };
  return { objective: { ...DEFAULT_OBJECTIVE, keep }, stated: false, missing };
}

/** What is asked of results that have lengths, format and strict accuracy, where a sweep states nothing. */
export const DEFAULT_OBJECTIVE = {
  minimise: "tokens",
  keep: { accuracy_strict: 1, format: 1 },
  against: "best",
  per_benchmark: false,
} as const satisfies Objective;

/** The names of rates in the middle of a sentence. */
export const RATE_NAMES: Readonly<Record<RateId, string>> = {
  accuracy: "accuracy",
  accuracy_strict: "strict accuracy",
  format: "format",
};

/** `fewest tokens, losing at most 1 point of strict accuracy and 1 of format against the best point`. */
export function describeObjective(objective: Objective, confidence = CONFIDENCE): string {
  if ("maximise" in objective) return `the highest ${RATE_NAMES[objective.maximise]}`;
  const kept = keptMeasures(objective).map(
    ({ measure, margin }) => `${countOf(100 * margin, "point")} of ${RATE_NAMES[measure]}`,
  );
  const against = objective.against === "best" ? "the best point" : objective.against;
  return `the fewest tokens while losing at most ${listed(kept)} against ${against} (${percent(confidence, 0)}% confidence)`;
}

/** The measures to keep, and what each may lose as a fraction. */
export function keptMeasures(objective: Objective): readonly { readonly measure: RateId; readonly margin: number }[] {
  if ("maximise" in objective) return [];
  return rates.flatMap((measure) => {
    const most = objective.keep[measure];
    return most === undefined ? [] : [{ measure, margin: most / 100 }];
  });
}

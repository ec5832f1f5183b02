import type { Answer } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";

/** The rule by which two answers are equal, or undefined. */
export type Comparison = string | undefined;

export interface CompareOptions {
  readonly precision: number;
  readonly strict: boolean;
  readonly tolerance: number | undefined;
  /** Whether a gold interval may be answered by an inequality. */
  readonly allowSetRelationComp: boolean;
  /** Whether 10% answers 10. */
  readonly percentFace: boolean;
}

/** What the parts of the comparison share. */
export interface Comparer {
  readonly options: CompareOptions;
  readonly budget: Budget;
  compare(gold: Answer, pred: Answer): Comparison;
}

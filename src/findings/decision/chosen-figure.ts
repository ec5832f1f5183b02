import { macroAverage } from "../../stats/averages.ts";
import type { Pairwise } from "../../stats/choice/best.ts";
import { crossFit, FOLDS, FoldedMeans, FoldedPairs, foldsOf, SALTS } from "../../stats/choice/cross-fit.ts";
import { weightsOfValues } from "../../stats/family.ts";
import type { Interval } from "../../stats/interval.ts";
import { rateBounds, runsInterval } from "../../stats/rate.ts";
import { rateBand } from "../../stats/rate-band.ts";
import type { Evidence, RateId } from "../evidence.ts";
import type { Objective } from "../objective.ts";
import { applyRule, type Choice, highestRace } from "./choice-rule.ts";
import { type Contenders, meanOf } from "./contenders.ts";

/** The rate of a chosen point. */
export interface Figure {
  readonly measure: RateId;
  /** As it was seen: too high where the point was chosen for it. */
  readonly seen: number;
  /** Cross-fitted: what the rule chooses on nine tenths of the questions, scored on the other tenth. */
  readonly corrected: number | null;
  /** 95%, the lower end for all points at once. */
  readonly low: number;
  readonly high: number;
}

/** Under so many questions a fold of a tenth is none or one question, and what the rule does without it is chance. */
const FEWEST_QUESTIONS = 20;

interface Rule {
  readonly objective: Objective;
  readonly choice: Choice;
  readonly main: RateId;
  readonly shown: number;
  readonly seed: string;
}

/** The rate of the point that a rule chose, with an interval that knows of the choice (Benjamini, Hechtlinger and Stark 2019). */
export function chosenFigure(contenders: Contenders, rule: Rule): Figure {
  const parts = contenders.benchmarks.map((one) => boundsOf(contenders, one, rule));
  const { value, interval } = macroAverage(parts);
  return {
    measure: rule.main,
    seen: value,
    corrected: correctedRate(contenders, rule),
    low: interval.low,
    high: interval.high,
  };
}

function boundsOf(
  contenders: Contenders,
  one: Evidence,
  { main, shown, seed }: Rule,
): { value: number; interval: Interval } {
  const measure = contenders.columns(one, main);
  const { columns, strata } = measure;
  const rates = columns[shown] ?? new Float64Array();
  const value = meanOf(measure, shown);
  if (one.unit === "run") return { value, interval: runsInterval(rates, one.runSize) ?? { low: 0, high: 1 } };
  const points = columns.slice(0, contenders.names.length);
  const { winner } = rateBand({ columns: points, strata }, `${seed} ${one.benchmark}`);
  const attempts = one.attempts[one.place(contenders.names[shown] ?? "") ?? 0] ?? 1;
  const weights = weightsOfValues(measure, rates);
  return { value, interval: rateBounds({ rates, attempts, weights }, { low: winner }) ?? { low: 0, high: 1 } };
}

/** In every fold the rule sees the other nine; its errors and critical values stay those of all questions. */
function correctedRate(contenders: Contenders, rule: Rule): number | null {
  if (contenders.benchmarks.some(({ questions, unit }) => questions.length < FEWEST_QUESTIONS || unit === "run"))
    return null;
  const rates = contenders.benchmarks.map((one) => {
    const folded = Array.from(
      { length: SALTS },
      (_, salt) => new FoldedMeans(contenders.columns(one, rule.main), foldsOf(one.questions, salt)),
    );
    return { one, folded };
  });
  const choosers = Array.from({ length: SALTS }, (_, salt) => chooserOf(contenders, rule, salt));
  const chosen = choosers.map((choose) => Array.from({ length: FOLDS }, (_, fold) => choose(fold)));
  const figures = rates.map(({ folded }) => crossFit(folded, (salt, fold) => chosen[salt]?.[fold]));
  return figures.includes(null)
    ? null
    : figures.reduce<number>((total, figure) => total + (figure ?? 0), 0) / figures.length;
}

function chooserOf(contenders: Contenders, rule: Rule, salt: number): (fold: number) => number | undefined {
  const { choice, objective, main } = rule;
  const size = contenders.names.length;
  const kept = choice.kept.map(({ measure, pairwise, margin }) => ({
    measure,
    pairwise,
    margin,
    folded: contenders.benchmarks.map(
      (one) => new FoldedPairs(contenders.columns(one, measure), foldsOf(one.questions, salt)),
    ),
  }));
  const means = (measure: RateId | "tokens"): ((fold: number) => number[]) => {
    const folded = contenders.benchmarks.map(
      (one) => new FoldedMeans(contenders.columns(one, measure), foldsOf(one.questions, salt)),
    );
    return (fold) =>
      Array.from(
        { length: size },
        (_, i) => folded.reduce((total, own) => total + own.without(fold, i), 0) / folded.length,
      );
  };
  const costs = "maximise" in objective ? undefined : means("tokens");
  const heights = "maximise" in objective ? means(main) : undefined;
  return (fold) => {
    const without = kept.map(({ measure, pairwise, margin, folded }) => ({
      measure,
      margin,
      pairwise: pairwiseWithout(pairwise, folded, fold),
    }));
    if (heights !== undefined) {
      const [first] = without;
      return first === undefined ? undefined : highestRace(first.pairwise, heights(fold))[0];
    }
    const { safe, race } = applyRule({ kept: without, cost: costs?.(fold) ?? [], against: choice.against });
    return safe ?? race[0];
  };
}

/**
 * The differences of the other nine tenths, held against the errors of all questions: the rule is to be as ready to choose as
 * it was, and not to choose otherwise because it sees fewer questions.
 */
function pairwiseWithout(whole: Pairwise, folded: readonly FoldedPairs[], fold: number): Pairwise {
  const differences = whole.differences.map((row, i) =>
    row.map((_, j) =>
      i === j ? 0 : folded.reduce((total, pairs) => total + pairs.without(fold, i, j), 0) / folded.length,
    ),
  );
  return { ...whole, differences };
}

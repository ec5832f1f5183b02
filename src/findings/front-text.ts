import type { Sentence } from "./describe-benchmark.ts";
import { described } from "./describe-benchmark.ts";
import type { Evidence } from "./evidence.ts";
import type { Front } from "./fronts.ts";
import { listed } from "./measures.ts";
import { decimal, percent } from "./numbers.ts";
import { RATE_NAMES } from "./objective.ts";

/** What is on the front, how surely, and how much it dominates. */
export function describeFront(front: Front | undefined, evidence: Evidence): Sentence[] {
  if (front === undefined) return [];
  const all = evidence.points.length;
  const over = `${listed(front.rates.map((rate) => RATE_NAMES[rate]))} and tokens`;
  const parts = front.points.map((name) => `${name} (${percent(front.probability[name] ?? null, 0)}%)`);
  const { interval } = front;
  const range = interval === null ? "" : ` [${decimal(interval.low, 3)}, ${decimal(interval.high, 3)}]`;
  const first = front.rates[0];
  const volume =
    first === undefined || front.hypervolume === null
      ? ""
      : ` Hypervolume of ${RATE_NAMES[first]} and tokens: ${decimal(front.hypervolume, 3)}${range} of the ideal.`;
  const text =
    front.points.length === all
      ? `No point is beaten in all of ${over}.${volume}`
      : `On the front of ${over} (in brackets: how often when other questions are drawn): ${parts.join(", ")}.${volume}`;
  return [{ ...described(evidence, "note", text), points: front.points }];
}

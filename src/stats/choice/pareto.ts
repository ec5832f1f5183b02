/** A choice with something to gain and something to pay: accuracy and tokens. */
export interface Tradeoff {
  /** More is better. */
  readonly gain: number;
  /** Less is better. */
  readonly cost: number;
}

/** Whether a is at least as good as b in both and better in one. */
export function dominates(a: Tradeoff, b: Tradeoff): boolean {
  return a.gain >= b.gain && a.cost <= b.cost && (a.gain > b.gain || a.cost < b.cost);
}

/** Whether no other choice is at least as good in every gain and in the cost, and better in one. */
export function onFront(choices: readonly { readonly gains: readonly number[]; readonly cost: number }[]): boolean[] {
  return choices.map(
    (choice) =>
      !choices.some(
        (other) =>
          other.cost <= choice.cost &&
          other.gains.every((gain, i) => gain >= (choice.gains[i] ?? 0)) &&
          (other.cost < choice.cost || other.gains.some((gain, i) => gain > (choice.gains[i] ?? 0))),
      ),
  );
}

/** The choices that no other dominates, cheapest first; equal ones are all kept. */
export function paretoFront<Choice extends Tradeoff>(choices: readonly Choice[]): Choice[] {
  return choices
    .filter((choice) => !choices.some((other) => dominates(other, choice)))
    .toSorted((a, b) => a.cost - b.cost || a.gain - b.gain);
}

/**
 * The area that a set of choices dominates, up to a reference point that is worse than all (declared beforehand, never taken
 * from the data that it judges). Choices that are not strictly better than the reference add nothing.
 */
export function hypervolume(choices: readonly Tradeoff[], reference: Tradeoff): number {
  const front = paretoFront(choices.filter(({ gain, cost }) => gain > reference.gain && cost < reference.cost));
  let area = 0;
  let gained = reference.gain;
  for (const { gain, cost } of front) {
    area += Math.max(0, gain - gained) * (reference.cost - cost);
    gained = Math.max(gained, gain);
  }
  return area;
}

/** Counts by name that add up over runs and processes: how many of how many. */
export type Tally = Record<string, [hits: number, total: number]>;

/** Counts one more. */
export function count(tally: Tally, name: string, hit: boolean | number, total = 1): void {
  const [hits, all] = tally[name] ?? [0, 0];
  tally[name] = [hits + Number(hit), all + total];
}

/** Adds one tally to another. */
export function addTally(to: Tally, from: Tally): void {
  for (const [name, [hits, total]] of Object.entries(from)) count(to, name, hits, total);
}

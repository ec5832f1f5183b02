import { seededRandom } from "../../src/base/random.ts";

/** The published protocol (protocols/sober-reasoning.yaml): questions, attempts, and the mean tokens of an answer. */
const PROTOCOL = [
  { completions: 30 * 10, tokens: 16_916 },
  { completions: 30 * 10, tokens: 16_916 },
  { completions: 40 * 10, tokens: 10_967 },
  { completions: 500 * 3, tokens: 5500 },
  { completions: 272 * 3, tokens: 7494 },
  { completions: 675 * 3, tokens: 11_620 },
];
const MAX_TOKENS = 32_768;
const BLOCKS_PER_POINT = 64;
/** Of the logarithm of a length, within a benchmark. */
const SPREAD = 0.7;
/** Tokens a second of a worker: with it, a point of the protocol takes five hours. */
const SPEED = 2900;

interface Block {
  /** Mean tokens that the worker expects. */
  readonly expected: number;
  readonly seconds: number;
}

/**
 * Simulates how workers share out blocks: points that nobody is on first, then the one with most free blocks for each worker
 * there; of a point the blocks of long answers first.
 *
 * @param joining seconds to make and load the merge of a point that a worker was not on
 * @returns the time until all is done, and the least that any sharing out could take
 */
export function simulateSharing(
  workers: number,
  points: number,
  joining: number,
  seed: number,
): { readonly blocks: number; readonly makespan: number; readonly bound: number } {
  const random = seededRandom(seed);
  const free = Array.from({ length: points }, () => pointBlocks(random));
  const all = free.flat();
  const taken = free.map(() => 0);
  const begun = new Set<number>();
  const busy = Array.from({ length: workers }, () => ({ until: 0, point: -1 }));
  let makespan = 0;
  for (let left = all.length; left > 0; left--) {
    const worker = busy.reduce((first, other) => (other.until < first.until ? other : first));
    if (worker.point >= 0) taken[worker.point] = (taken[worker.point] ?? 1) - 1;
    const stays = worker.point >= 0 && (free[worker.point]?.length ?? 0) > 0;
    const point = stays ? worker.point : choosePoint(free, taken, begun);
    begun.add(point);
    const block = free[point]?.shift();
    if (block === undefined) throw new Error("A point without blocks was chosen");
    taken[point] = (taken[point] ?? 0) + 1;
    worker.until += block.seconds + (stays ? 0 : joining);
    worker.point = point;
    makespan = Math.max(makespan, worker.until);
  }
  const total = all.reduce((sum, { seconds }) => sum + seconds, 0);
  const longest = Math.max(...all.map(({ seconds }) => seconds));
  return { blocks: all.length, makespan, bound: Math.max(total / workers, longest) };
}

function choosePoint(free: readonly Block[][], taken: readonly number[], begun: ReadonlySet<number>): number {
  const fresh = free.findIndex((_, point) => !begun.has(point));
  if (fresh >= 0) return fresh;
  const shares = free.map((blocks, point) => blocks.length / ((taken[point] ?? 0) + 1));
  return shares.indexOf(Math.max(...shares));
}

/** In the order in which workers take them. */
function pointBlocks(random: () => number): Block[] {
  const tasks = PROTOCOL.flatMap(({ completions, tokens }) => Array.from({ length: completions }, () => tokens));
  const size = Math.ceil(tasks.length / BLOCKS_PER_POINT);
  const blocks = Array.from({ length: Math.ceil(tasks.length / size) }, (_, i) => {
    const own = tasks.slice(i * size, (i + 1) * size);
    const tokens = own.reduce((sum, mean) => sum + drawLength(mean, random), 0);
    return { expected: own.reduce((sum, mean) => sum + mean, 0) / own.length, seconds: tokens / SPEED };
  });
  return blocks.toSorted((a, b) => b.expected - a.expected);
}

/** A length around a mean, cut off where answers are. */
function drawLength(mean: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(MAX_TOKENS, mean * Math.exp(SPREAD * normal - (SPREAD * SPREAD) / 2));
}

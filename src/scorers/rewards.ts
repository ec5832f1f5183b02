/** What the length rewards scale by: `max_completion_length` of the runs that trained the published experts. */
export const TRAINED_MAX_LENGTH = 3584;

/** The 3-grams of the repetition penalty, as trained. */
const REPETITION_NGRAM = 3;

/**
 * The cosine reward of Open-RS: 1 to 0.5 for right answers and 0 to -0.5 for wrong ones, falling along half a cosine as the
 * length grows to `maxLength`. As trained, `length` is in characters and the progress is not clamped, so that it is periodic
 * beyond `maxLength`; with `clamp` it stays at its end.
 */
export function cosineReward(
  correct: boolean,
  length: number,
  { maxLength = TRAINED_MAX_LENGTH, clamp = false }: { maxLength?: number; clamp?: boolean } = {},
): number {
  const progress = clamp ? Math.min(1, length / maxLength) : length / maxLength;
  const [low, high] = correct ? [0.5, 1] : [-0.5, 0];
  return low + 0.5 * (high - low) * (1 + Math.cos(Math.PI * progress));
}

/** -(1 - distinct/all) over the 3-grams of lower-case words; 0 for fewer than three words. */
export function repetitionPenalty(completion: string): number {
  const words = completion.toLowerCase().match(/\S+/g) ?? [];
  if (words.length < REPETITION_NGRAM) return 0;
  const numbers = new Map<string, number>();
  const numbered = words.map((word) => {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    return number;
  });
  // A 3-gram as one number is exact up to 200,000 different words, and takes half the time of its text.
  const base = numbers.size;
  const seen = new Set<number>();
  const total = words.length - REPETITION_NGRAM + 1;
  for (let i = 0; i < total; i++) {
    const [first = 0, second = 0, third = 0] = [numbered[i], numbered[i + 1], numbered[i + 2]];
    seen.add((first * base + second) * base + third);
  }
  // 0 - x, so that no repetition is 0 and not -0.
  return 0 - (1 - seen.size / total);
}

/** One attempt at a problem, as the Kimi length reward sees it. */
export interface AttemptLength {
  readonly correct: boolean;
  /** Characters as trained; any unit will do if all attempts share it. */
  readonly length: number;
}

/**
 * The length reward of Kimi 1.5 (the one that trained the `len` experts) for all attempts at one problem, in their order:
 * 0.5 for the shortest down to -0.5 for the longest, a wrong answer never above 0; all 0 if all have one length.
 */
export function kimiLengthRewards(attempts: readonly AttemptLength[]): number[] {
  let shortest = Number.POSITIVE_INFINITY;
  let longest = Number.NEGATIVE_INFINITY;
  for (const { length } of attempts) {
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
  }
  if (shortest === longest) return attempts.map(() => 0);
  return attempts.map(({ correct, length }) => {
    const reward = 0.5 - (length - shortest) / (longest - shortest);
    return correct ? reward : Math.min(0, reward);
  });
}

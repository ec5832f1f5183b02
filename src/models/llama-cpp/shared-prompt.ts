/**
 * A prefix shorter than this is not worth its copy. A copy moves a sequence's whole cache, whatever the prefix is, and a
 * token takes some hundred times as long to evaluate as its place to copy (measured: 300 times with 2.5 M parameters and
 * more with larger models).
 */
const MIN_SHARED_TOKENS = 32;
const COPIED_TOKENS_PER_EVALUATED = 128;

/** A batch of one token rounds differently: at least so many tokens of a prompt are evaluated after a copied prefix. */
const MIN_REST = 2;

/** How to evaluate a prompt of which a beginning is (or is to be) kept in a sequence of its own. */
export interface PromptPlan {
  /** Tokens of what is kept that stay valid. */
  readonly keep: number;
  /** Tokens of the prompt that are to be kept from now on: the ones from `keep` on have to be evaluated first. */
  readonly store: number;
}

/** What a context asks of the way in which prompts are cut. */
export interface PromptRules {
  /** Tokens that a sequence can hold: what a copy moves. */
  readonly contextTokens: number;
  /** Tokens that one decode may take; a multiple of `alignment`. */
  readonly batchTokens: number;
  /**
   * A prompt is cut at multiples of this only. 1, or the tokens that an attention kernel takes at a time: fewer are computed
   * another way, and rounded differently.
   */
  readonly alignment: number;
}

/**
 * Decides what of a prompt is taken from the kept one. The prompt that comes next says whether it pays to keep more: a
 * system prompt, worked examples, or the whole question if it is asked several times.
 *
 * @param kept the tokens that are kept, none at the start
 * @param next the prompt that will be evaluated after this one, if it is known
 */
export function planPrompt(
  kept: Uint32Array,
  prompt: Uint32Array,
  next: Uint32Array | undefined,
  { contextTokens, alignment }: PromptRules,
): PromptPlan {
  const least = Math.max(MIN_SHARED_TOKENS, contextTokens / COPIED_TOKENS_PER_EVALUATED);
  const most = prompt.length - MIN_REST;
  const usable = (tokens: number): number => alignment * Math.floor(Math.min(tokens, most) / alignment);
  const known = usable(commonLength(kept, prompt));
  const shared = next === undefined ? 0 : usable(commonLength(prompt, next));
  const keep = known >= least ? known : 0;
  // One token alone cannot be evaluated, so that what is kept grows by two at least.
  return { keep, store: shared >= least && shared >= keep + MIN_REST ? shared : keep };
}

/**
 * Where the tokens of a prompt from `start` on are cut into batches: the positions after each batch. The same places
 * whatever `start` is, as far as the rounding can tell.
 */
export function cutPrompt(start: number, end: number, { batchTokens, alignment }: PromptRules): number[] {
  const whole = alignment * Math.floor(end / alignment);
  const cuts: number[] = [];
  for (let position = start; position < end; ) {
    const last = position < whole ? whole : end;
    const left = last - position;
    const lonelyRest = left - batchTokens === 1;
    position += Math.min(left, lonelyRest ? batchTokens - 1 : batchTokens);
    cuts.push(position);
  }
  return cuts;
}

function commonLength(a: Uint32Array, b: Uint32Array): number {
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a[i] === b[i]) i++;
  return i;
}

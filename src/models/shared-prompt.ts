/**
 * A prefix shorter than this is not worth its copy: a copy moves a sequence's whole cache, whatever the prefix is.
 */
const MIN_SHARED_TOKENS = 32;

/** A batch of one token rounds differently: at least so many tokens of a prompt are evaluated after a copied prefix. */
const MIN_REST = 2;

/** How to evaluate a prompt of which a beginning is (or is to be) kept in a sequence of its own. */
export interface PromptPlan {
  /** Tokens of what is kept that stay valid. */
  readonly keep: number;
  /** Tokens of the prompt that are to be kept from now on: the ones from `keep` on have to be evaluated first. */
  readonly store: number;
}

/**
 * Decides what of a prompt is taken from the kept one. The prompt that comes next says whether it pays to keep more: a
 * system prompt, worked examples, or the whole question if it is asked several times.
 *
 * @param kept the tokens that are kept, none at the start
 * @param next the prompt that will be evaluated after this one, if it is known
 */
export function planPrompt(kept: Uint32Array, prompt: Uint32Array, next: Uint32Array | undefined): PromptPlan {
  const most = prompt.length - MIN_REST;
  const known = Math.min(commonLength(kept, prompt), most);
  const shared = next === undefined ? 0 : Math.min(commonLength(prompt, next), most);
  const keep = known >= MIN_SHARED_TOKENS ? known : 0;
  // One token alone cannot be evaluated, so that what is kept grows by two at least.
  return { keep, store: shared >= MIN_SHARED_TOKENS && shared >= keep + MIN_REST ? shared : keep };
}

function commonLength(a: Uint32Array, b: Uint32Array): number {
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a[i] === b[i]) i++;
  return i;
}

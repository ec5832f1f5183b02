import { WorkError } from "../../base/errors.ts";
import type { Completion, CompletionRequest } from "../runtime.ts";
import { ActiveRequest, type WaitingRequest } from "./active-request.ts";
import type { NativeModel } from "./native/native-model.ts";
import { Samplers } from "./samplers.ts";
import { cutPrompt, planPrompt } from "./shared-prompt.ts";
import { TokenTexts } from "./token-texts.ts";

const NO_LOGITS: Uint32Array = new Uint32Array(0);
const FIRST = Uint32Array.of(0);
const BOTH = Uint32Array.of(0, 1);

/**
 * Continuous batching: all active requests advance by one token in each step, and a finished one is replaced at once.
 *
 * The text of a request is the same whatever else is running, because the logits are the same to the last bit. That holds
 * by these rules, each found by measuring:
 * - active sequences have the ids 0, 1, 2, ... without a gap, and are put into the batch in that order (else llama.cpp cuts
 *   the batch into several passes);
 * - a prompt is alone in its batch, and cut at the same places always;
 * - a batch never has just one token, which takes another matrix kernel and rounds differently: a lonely sequence gets a
 *   partner, and a lonely token of a prompt a successor, that are forgotten at once;
 * - a sequence that is being generated is touched by nothing but its own tokens;
 * - random numbers belong to the request.
 *
 * The native context must have one sequence more than `slots`: it keeps the beginning that prompts share, evaluated once
 * and copied, and is the partner where there is one slot only.
 */
export class DecodeLoop {
  readonly #model: NativeModel;
  readonly #slots: number;
  readonly #texts: TokenTexts;
  readonly #samplers: Samplers;
  readonly #waiting: WaitingRequest[] = [];
  /** By their slots. */
  readonly #active: ActiveRequest[] = [];
  /** Decodes so far: grows as long as the loop advances. */
  steps = 0;
  /** The beginning of a prompt that is kept in the sequence after the last slot, to be copied from. */
  #kept: Uint32Array = NO_LOGITS;
  #done: Promise<void> | undefined;
  #stopping: WorkError | undefined;

  constructor(model: NativeModel, slots: number) {
    this.#model = model;
    this.#slots = slots;
    this.#texts = new TokenTexts(model.vocabulary);
    this.#samplers = new Samplers(model);
  }

  /**
   * @throws WorkError if prompt and answer do not fit the context; `signal.reason` if aborted
   */
  complete(request: CompletionRequest, signal?: AbortSignal): Promise<Completion> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#stopping !== undefined) throw this.#stopping;
      const prompt = this.tokenize(request.prompt);
      this.#checkFits(prompt.length, request.sampling.maxTokens);
      this.#waiting.push({ request, prompt, signal, resolve, reject });
      this.#done ??= this.#run();
    });
  }

  /** Tokens of a text as a prompt: special tokens recognised, the first token of a text put in front if the model wants one. */
  tokenize(text: string): Uint32Array {
    const { vocabulary } = this.#model;
    const tokens = vocabulary.tokenize(text, true);
    const first = vocabulary.tokenBos();
    if (!vocabulary.shouldPrependBosToken() || tokens[0] === first) return tokens;
    return Uint32Array.of(first, ...tokens);
  }

  #checkFits(promptTokens: number, maxTokens: number): void {
    if (promptTokens === 0) throw new WorkError("Expected a prompt of at least one token, found an empty one");
    const needed = promptTokens + maxTokens;
    if (needed <= this.#model.contextTokens) return;
    throw new WorkError(
      `Expected prompt and answer to fit the context of ${this.#model.contextTokens} tokens; found a prompt of ` +
        `${promptTokens} and max_tokens ${maxTokens}, together ${needed}`,
      { hint: "Lower max_tokens, or give the model a larger context." },
    );
  }

  /** Refuses what is waiting, and returns when nothing runs any more: the model may be disposed of then. */
  async stop(): Promise<void> {
    this.#stopping = new WorkError("The model was disposed of before the completion was there");
    await this.#done;
    this.#samplers.dispose();
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 || this.#active.length > 0) {
        while (this.#active.length < this.#slots && (await this.#admit(this.#active.length))) {
          // Each turn has filled one slot.
        }
        if (this.#stopping !== undefined) throw this.#stopping;
        if (this.#active.length > 0) await this.#step();
      }
    } catch (error) {
      this.#kept = NO_LOGITS;
      for (const active of this.#active) active.reject(error);
      for (const waiting of this.#waiting) waiting.reject(error);
      for (const active of this.#active) active.dispose();
      this.#active.length = 0;
      this.#waiting.length = 0;
    } finally {
      this.#done = undefined;
    }
  }

  /** Gives the slot to the next request that needs more than one token; false if none is waiting. */
  async #admit(slot: number): Promise<boolean> {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      if (waiting.signal?.aborted === true) {
        waiting.reject(waiting.signal.reason);
        continue;
      }
      let active: ActiveRequest | undefined;
      try {
        active = new ActiveRequest(waiting, this.#model, { texts: this.#texts, samplers: this.#samplers });
        active.take(await active.pick(await this.#evaluatePrompt(slot, waiting.prompt)));
      } catch (error) {
        active?.dispose();
        waiting.reject(error);
        throw error;
      }
      if (active.answered) {
        active.dispose();
        continue;
      }
      this.#active[slot] = active;
      return true;
    }
    return false;
  }

  /** Fills a slot with a prompt; returns the handle of the logits after its last token. */
  async #evaluatePrompt(slot: number, prompt: Uint32Array): Promise<number> {
    const { context } = this.#model;
    const { keep, store } = planPrompt(this.#kept, prompt, this.#waiting[0]?.prompt, this.#model);
    context.disposeSequence(slot);
    if (store === 0) return await this.#evaluate(slot, prompt, 0);

    const keeper = this.#slots;
    if (keep === 0) context.disposeSequence(keeper);
    else if (keep < this.#kept.length) context.removeTokenCellsFromSequence(keeper, keep, -1);
    // Until it is evaluated nothing beyond `keep` counts, should evaluating fail.
    this.#kept = prompt.slice(0, keep);
    if (store > keep) {
      await this.#evaluate(keeper, prompt.slice(0, store), keep);
      this.#kept = prompt.slice(0, store);
    }
    await context.copySequenceStateFromOtherSequence(slot, keeper);
    return await this.#evaluate(slot, prompt, store);
  }

  /** Evaluates the tokens of a prompt from `start` on, alone in their batches; returns the handle of the last logits. */
  async #evaluate(sequence: number, prompt: Uint32Array, start: number): Promise<number> {
    const { context } = this.#model;
    let logits = 0;
    let position = start;
    for (const end of cutPrompt(start, prompt.length, this.#model)) {
      const size = end - position;
      const isLast = end === prompt.length;
      if (size > 1) {
        context.initBatch(size);
        const wanted = isLast ? Uint32Array.of(size - 1) : NO_LOGITS;
        logits = context.addToBatch(sequence, position, prompt.slice(position, end), wanted)[0] ?? logits;
        await context.decodeBatch();
      } else {
        // Any token behind it will do: it is forgotten at once, and other sequences are left alone.
        context.initBatch(2);
        const pair = Uint32Array.of(prompt[position] ?? 0, 0);
        logits = context.addToBatch(sequence, position, pair, BOTH)[0] ?? logits;
        await context.decodeBatch();
        context.removeTokenCellsFromSequence(sequence, end, -1);
      }
      this.steps++;
      position = end;
    }
    return logits;
  }

  /** One token for every active request. */
  async #step(): Promise<void> {
    const { context } = this.#model;
    const active = this.#active;
    const needsPartner = active.length === 1;
    context.initBatch(active.length + (needsPartner ? 1 : 0));
    const logits = active.map((one, slot) => context.addToBatch(slot, one.position++, one.last, FIRST)[0] ?? 0);
    if (needsPartner) {
      if (this.#slots === 1) this.#kept = NO_LOGITS;
      context.disposeSequence(1);
      context.addToBatch(1, 0, FIRST, FIRST);
    }
    const tokens = await this.#decodeAndPick(logits);
    this.steps++;
    if (needsPartner) context.disposeSequence(1);

    for (let slot = active.length - 1; slot >= 0; slot--) {
      const one = active[slot];
      const token = tokens[slot];
      if (one === undefined || token === undefined) continue;
      if (!one.answered) one.take(token);
      if (!one.answered) continue;
      one.dispose();
      if (!(await this.#admit(slot))) await this.#closeGap(slot);
    }
  }

  /** Decodes the batch and picks a token for every active request. The texts grow by the tokens before meanwhile. */
  async #decodeAndPick(logits: readonly number[]): Promise<readonly number[]> {
    const active = this.#active;
    const decoding = this.#model.context.decodeBatch();
    if (!this.#model.inOrder) await decoding;
    const picks = active.map((one, slot) => one.pick(logits[slot] ?? 0));
    const work = Promise.allSettled([decoding, ...picks]);
    try {
      for (const one of active) one.note();
    } finally {
      // Whatever fails, a sampler must not be disposed of while it is at work.
      await work;
    }
    await decoding;
    return await Promise.all(picks);
  }

  /** Moves the last active request into a slot that fell empty. */
  async #closeGap(slot: number): Promise<void> {
    const { context } = this.#model;
    const top = this.#active.length - 1;
    const last = this.#active[top];
    context.disposeSequence(slot);
    if (slot !== top && last !== undefined) {
      await context.copySequenceStateFromOtherSequence(slot, top);
      this.#active[slot] = last;
      context.disposeSequence(top);
    }
    this.#active.length = top;
  }
}

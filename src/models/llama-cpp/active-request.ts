import type { Completion, CompletionRequest } from "../runtime.ts";
import { GeneratedText } from "./generated-text.ts";
import type { NativeModel } from "./native/native-model.ts";
import type { Samplers } from "./samplers.ts";
import { createTokenPicker, type TokenPicker } from "./token-picker.ts";
import type { TokenTexts } from "./token-texts.ts";

/** A request as it waits for a slot. */
export interface WaitingRequest {
  readonly request: CompletionRequest;
  readonly prompt: Uint32Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (completion: Completion) => void;
  readonly reject: (reason: unknown) => void;
}

/** What is put in when thinking has used up its budget: the model goes on with its answer. */
const CLOSE_THINKING = "\n</think>\n\n";

/** A request that is being generated: takes token after token, and gives the answer when it has the last one. */
export class ActiveRequest {
  /** Where the next token goes. */
  position: number;
  /** The last token, alone: decoded in the next step. */
  readonly last: Uint32Array = Uint32Array.of(0);
  readonly #waiting: WaitingRequest;
  readonly #model: NativeModel;
  readonly #texts: TokenTexts;
  readonly #text: GeneratedText;
  readonly #picker: TokenPicker;
  readonly #startedAt = performance.now();
  /** Tokens that are put in instead of sampled ones: they close the thinking. */
  #forced: number[] = [];
  #noted = true;
  #answered = false;

  constructor(
    waiting: WaitingRequest,
    model: NativeModel,
    { texts, samplers }: { readonly texts: TokenTexts; readonly samplers: Samplers },
  ) {
    const { sampling } = waiting.request;
    this.#waiting = waiting;
    this.#model = model;
    this.#texts = texts;
    this.#text = new GeneratedText(texts, sampling.stop);
    this.#picker = createTokenPicker(model, samplers, sampling, waiting.prompt);
    this.position = waiting.prompt.length;
  }

  /** Whether the request has its answer, or was given up: it takes no more tokens. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Picks the next token from the logits after the last one. */
  async pick(logits: number): Promise<number> {
    return this.#forced.shift() ?? (await this.#picker.pick(logits));
  }

  /** Takes the next token, which may be the last one. It is put into the text later if it can: see `note`. */
  take(token: number): void {
    const { signal, request, reject } = this.#waiting;
    const { maxTokens, maxThinkingTokens } = request.sampling;
    if (signal?.aborted === true) {
      this.#answered = true;
      reject(signal.reason);
      return;
    }
    if (this.#texts.isEnd(token)) {
      this.#answer("stop");
      return;
    }
    this.last[0] = token;
    this.#noted = false;
    this.#picker.accept(token);
    // Here the text decides at once: whether there is a next token, or what it is.
    if (this.#text.tokens.length + 1 >= maxTokens || maxThinkingTokens !== null) this.note();
  }

  /** Puts the last token into the text if it is not there yet, and looks at what has come of it. */
  note(): void {
    if (this.#noted) return;
    this.#noted = true;
    const text = this.#text;
    const { prompt, sampling } = this.#waiting.request;
    if (text.push(this.last[0] ?? 0)) this.#answer("stop");
    else if (text.tokens.length >= sampling.maxTokens) this.#answer("length");
    else if (text.tokensOfThinking(prompt) === sampling.maxThinkingTokens) {
      this.#forced = [...this.#model.vocabulary.tokenize(CLOSE_THINKING, true)];
    }
  }

  reject(reason: unknown): void {
    this.#waiting.reject(reason);
  }

  /** To be called when no pick is under way. */
  dispose(): void {
    this.#picker.dispose();
  }

  #answer(finishReason: "stop" | "length"): void {
    const text = this.#text;
    this.#answered = true;
    this.#waiting.resolve({
      text: text.text(),
      finishReason,
      promptTokens: this.#waiting.prompt.length,
      completionTokens: text.tokens.length,
      thinkingTokens: text.thinkingTokens,
      milliseconds: Math.round(performance.now() - this.#startedAt),
    });
  }
}

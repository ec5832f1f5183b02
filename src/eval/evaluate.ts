import { setMaxListeners } from "node:events";
import PQueue from "p-queue";
import { sha256 } from "../base/digest.ts";
import { WorkError } from "../base/errors.ts";
import { deriveSeed } from "../base/random.ts";
import type { Benchmark, Sample } from "../benchmarks/benchmark.ts";
import { messagesFor } from "../benchmarks/prompt.ts";
import { renderChat } from "../models/chat-template.ts";
import type { LoadedModel } from "../models/runtime.ts";
import type { Sampling } from "../models/sampling.ts";
import type { SampleWriter } from "../runs/completions/sample-writer.ts";
import type { Repeated, SampleRecord } from "../runs/schema.ts";

/** How every completion of an evaluation is drawn. */
export interface EvaluationSettings {
  /** A completion ends earlier than `maxTokens` where the context does. */
  readonly sampling: Omit<Sampling, "seed">;
  /** Seeds derive from this, the benchmark, the sample and the attempt: adding any of these changes no other. */
  readonly seed: number;
  /** Tokens of prompt and completion together. */
  readonly contextTokens: number;
  /** The day that chat templates are told, where one asks. */
  readonly date?: string | undefined;
}

/** Tokens that a tokenizer may add around a text. */
export const SPECIAL_TOKENS = 8;

/** A benchmark and how often each of its samples is asked. */
export interface AskedBenchmark extends Benchmark {
  readonly attempts: number;
}

export interface Task {
  readonly benchmark: Benchmark;
  readonly sample: Sample;
  readonly attempt: number;
}

/** Says what of a unit is to be answered here: others may answer the rest. */
export interface TaskSource {
  /** The next attempts; undefined if there are none to be had now. */
  next(): Promise<readonly Task[] | undefined>;
  /** Told of every completion once it is stored. */
  answered(record: SampleRecord): Promise<void>;
}

/**
 * The attempts of a unit that are not stored yet, and those who answer them. Several models of the same weights, each in a
 * process of its own, may answer side by side: whoever has room takes the next attempt. Which one it is changes no text.
 */
export class Evaluation {
  readonly #settings: EvaluationSettings;
  readonly #writer: Pick<SampleWriter, "append" | "existing">;
  readonly #onCompletion: (record: SampleRecord) => void;
  readonly #tasks: readonly Task[];
  /** To be answered here, and nobody is on it. */
  readonly #waiting: Task[] = [];
  readonly #records: Map<string, SampleRecord>;
  readonly #source: TaskSource;
  /** Whether the source had nothing more when it was last asked. */
  #exhausted = false;
  #filling: Promise<void> | undefined;

  /** @param source says what to answer, and when */
  constructor(
    benchmarks: readonly AskedBenchmark[],
    settings: EvaluationSettings,
    writer: Pick<SampleWriter, "append" | "existing">,
    source: TaskSource,
    onCompletion: (record: SampleRecord) => void = () => {},
  ) {
    this.#settings = settings;
    this.#writer = writer;
    this.#source = source;
    this.#onCompletion = onCompletion;
    this.#tasks = tasksOf(benchmarks);
    this.#records = new Map(
      writer.existing.map((record) => [keyOf(record.benchmark, record.sample, record.attempt), record]),
    );
  }

  /** Whether another model might find something to answer. */
  get wantsHelp(): boolean {
    return this.#waiting.length > 0 || !this.#exhausted;
  }

  /** Makes sure that something waits to be answered. @returns whether something does */
  async fill(): Promise<boolean> {
    if (this.#waiting.length > 0) return true;
    if (this.#exhausted) return false;
    this.#filling ??= this.#ask().finally(() => {
      this.#filling = undefined;
    });
    await this.#filling;
    return await this.fill();
  }

  async #ask(): Promise<void> {
    const tasks = await this.#source.next();
    if (tasks === undefined) this.#exhausted = true;
    else if (!this.#exhausted) this.#waiting.push(...tasks);
  }

  /** Lets nobody begin with another attempt: what is under way is finished. */
  drain(): void {
    this.#exhausted = true;
    this.#waiting.length = 0;
  }

  /** Takes over completions that other processes have stored. */
  know(records: readonly SampleRecord[]): void {
    for (const record of records) this.#records.set(completionKey(record), record);
  }

  /**
   * Lets a model answer until nothing waits. Each completion is stored before the next is asked for in its place. If this
   * fails, what the model was answering waits again.
   *
   * @throws the first error of the model or the store, or `signal.reason`; nobody uses the model any more then
   */
  async answerWith(model: LoadedModel, signal: AbortSignal): Promise<void> {
    const failure = new AbortController();
    const stop = AbortSignal.any([signal, failure.signal]);
    // Every attempt under way listens for the abort: many listeners are no leak here.
    setMaxListeners(0, stop);
    const answerOne = async (task: Task): Promise<void> => {
      try {
        stop.throwIfAborted();
        await this.#answer(model, task, stop);
      } catch (error) {
        this.#waiting.unshift(task);
        failure.abort(error);
      }
    };
    const queue = new PQueue({ concurrency: model.sequences });
    const fill = (): Promise<boolean> =>
      this.fill().catch((error: unknown) => {
        failure.abort(error);
        return false;
      });
    while (await fill()) {
      const task = this.#waiting.shift();
      // Another model was quicker.
      if (task === undefined) continue;
      void queue.add(() => answerOne(task));
      // One more than the model has room for, at the most: the rest is left to the other models.
      await queue.onSizeLessThan(1);
      if (stop.aborted) break;
    }
    await queue.onIdle();
    signal.throwIfAborted();
    failure.signal.throwIfAborted();
  }

  /**
   * Asks the first attempts again, though they are answered: how many texts come out the same, where that is not certain.
   * Nothing is stored.
   */
  async repeat(model: LoadedModel, count: number, signal: AbortSignal): Promise<Repeated> {
    const answered = this.#tasks.filter((task) => this.#records.has(taskKey(task))).slice(0, count);
    const again = await Promise.all(answered.map((task) => answer(model, task, this.#settings, signal)));
    const same = again.filter((record, i) => {
      const task = answered[i];
      return task !== undefined && this.#records.get(taskKey(task))?.completion === record.completion;
    });
    return { asked: again.length, same: same.length };
  }

  async #answer(model: LoadedModel, task: Task, signal: AbortSignal): Promise<void> {
    const record = await answer(model, task, this.#settings, signal);
    await this.#writer.append(record);
    this.#records.set(taskKey(task), record);
    this.#onCompletion(record);
    await this.#source.answered(record);
  }
}

async function answer(
  model: LoadedModel,
  { benchmark, sample, attempt }: Task,
  settings: EvaluationSettings,
  signal: AbortSignal,
): Promise<SampleRecord> {
  const { prompt, prefill } = await renderChat(model.chat, messagesFor(benchmark.prompt, sample), {
    date: settings.date,
    signal,
  });
  const seed = deriveSeed(settings.seed, benchmark.name, sample.id, attempt);
  const maxTokens = await tokensLeft(model, prompt, settings);
  const stop = [...new Set([...settings.sampling.stop, ...(benchmark.prompt.stop ?? [])])];
  const sampling = { ...settings.sampling, stop, maxTokens, seed };
  const completion = await model.complete({ prompt, sampling }, signal);
  if (completion.finishReason === "aborted") signal.throwIfAborted();
  return {
    benchmark: benchmark.name,
    sample: sample.id,
    attempt,
    seed,
    prompt_sha256: sha256(prompt),
    prefill,
    completion: completion.text,
    finish_reason: completion.finishReason,
    prompt_tokens: completion.promptTokens,
    completion_tokens: completion.completionTokens,
    thinking_tokens: completion.thinkingTokens,
    milliseconds: completion.milliseconds,
  };
}

/** How far a completion may go: as far as asked for, or to the end of the context. */
async function tokensLeft(
  model: LoadedModel,
  prompt: string,
  { sampling: { maxTokens }, contextTokens }: EvaluationSettings,
): Promise<number> {
  // A token is at least one byte: most prompts need not be counted to know that they fit.
  if (Buffer.byteLength(prompt) + SPECIAL_TOKENS + maxTokens <= contextTokens) return maxTokens;
  const left = contextTokens - (await model.countTokens(prompt));
  if (left >= 1) return Math.min(maxTokens, left);
  throw new WorkError(
    `Expected a prompt of fewer than ${contextTokens} tokens, the context, found ${contextTokens - left}`,
    { hint: "Choose a shorter prompt template or a larger context_size, or leave the problem out." },
  );
}

/** The keys of everything that is asked, as `completionKey` gives them. */
export function* taskKeys(benchmarks: readonly AskedBenchmark[]): Generator<string> {
  for (const task of tasksOf(benchmarks)) yield taskKey(task);
}

/** What tells the completion of one attempt from all others of its unit. */
export function completionKey({
  benchmark,
  sample,
  attempt,
}: Pick<SampleRecord, "benchmark" | "sample" | "attempt">): string {
  return keyOf(benchmark, sample, attempt);
}

/** Every attempt, in the order of the plan. */
export function tasksOf(benchmarks: readonly AskedBenchmark[]): Task[] {
  return benchmarks.flatMap((benchmark) =>
    benchmark.samples.flatMap((sample) =>
      Array.from({ length: benchmark.attempts }, (_, attempt): Task => ({ benchmark, sample, attempt })),
    ),
  );
}

/** The same for an attempt that may not be answered yet. */
export function taskKey({ benchmark, sample, attempt }: Task): string {
  return keyOf(benchmark.name, sample.id, attempt);
}

function keyOf(benchmark: string, sample: string, attempt: number): string {
  return JSON.stringify([benchmark, sample, attempt]);
}

import { setMaxListeners } from "node:events";
import PQueue from "p-queue";
import { sha256 } from "../base/digest.ts";
import { deriveSeed } from "../base/random.ts";
import type { Benchmark, Sample } from "../benchmarks/benchmark.ts";
import { messagesFor } from "../benchmarks/prompt.ts";
import { renderChat } from "../models/chat-template.ts";
import type { LoadedModel } from "../models/runtime.ts";
import type { Sampling } from "../models/sampling.ts";
import type { SampleWriter } from "../runs/run-store.ts";
import type { SampleRecord } from "../runs/schema.ts";

/** How every completion of an evaluation is drawn. */
export interface EvaluationSettings {
  readonly sampling: Omit<Sampling, "seed">;
  /** Completions a sample. */
  readonly attempts: number;
  /** Seeds derive from this, the benchmark, the sample and the attempt: adding any of these changes no other. */
  readonly seed: number;
}

interface Task {
  readonly benchmark: Benchmark;
  readonly sample: Sample;
  readonly attempt: number;
}

/**
 * Lets a model answer every attempt that is not stored yet, and appends each completion before the next is asked for at its
 * slot. Resolves with all records, in the order of the benchmarks.
 *
 * @throws the first error of the model or the store, or `signal.reason`; everything answered before is stored
 */
export async function evaluate(
  model: LoadedModel,
  benchmarks: readonly Benchmark[],
  settings: EvaluationSettings,
  writer: SampleWriter,
  options: { readonly signal?: AbortSignal | undefined; readonly onCompletion?: (record: SampleRecord) => void } = {},
): Promise<SampleRecord[]> {
  const records = new Map(
    writer.existing.map((record) => [keyOf(record.benchmark, record.sample, record.attempt), record]),
  );
  const tasks = tasksOf(benchmarks, settings.attempts);
  const failure = new AbortController();
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([options.signal, failure.signal]);
  // Every queued sample listens for the abort: thousands of listeners are no leak here.
  setMaxListeners(0, signal);
  const queue = new PQueue({ concurrency: model.sequences });
  const missing = tasks.filter((task) => !records.has(keyOfTask(task)));
  const answers = missing.map((task) =>
    queue.add(
      async () => {
        const record = await answer(model, task, settings, signal);
        await writer.append(record);
        records.set(keyOfTask(task), record);
        options.onCompletion?.(record);
      },
      { signal },
    ),
  );
  // The first failure stops the others; all have ended before this returns, so that nobody uses the model afterwards.
  const outcomes = await Promise.allSettled(
    answers.map((promise) =>
      promise.catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
  options.signal?.throwIfAborted();
  failure.signal.throwIfAborted();
  const rejected = outcomes.find((outcome) => outcome.status === "rejected");
  if (rejected !== undefined) throw rejected.reason;
  return tasks.flatMap((task) => records.get(keyOfTask(task)) ?? []);
}

/** How many completions an evaluation of these benchmarks makes. */
export function countAttempts(benchmarks: readonly Benchmark[], attempts: number): number {
  return benchmarks.reduce((sum, benchmark) => sum + benchmark.samples.length * attempts, 0);
}

async function answer(
  model: LoadedModel,
  { benchmark, sample, attempt }: Task,
  settings: EvaluationSettings,
  signal: AbortSignal,
): Promise<SampleRecord> {
  const { prompt, prefill } = renderChat(model.chat, messagesFor(benchmark.prompt, sample));
  const seed = deriveSeed(settings.seed, benchmark.name, sample.id, attempt);
  const completion = await model.complete({ prompt, sampling: { ...settings.sampling, seed } }, signal);
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

function tasksOf(benchmarks: readonly Benchmark[], attempts: number): Task[] {
  return benchmarks.flatMap((benchmark) =>
    benchmark.samples.flatMap((sample) =>
      Array.from({ length: attempts }, (_, attempt): Task => ({ benchmark, sample, attempt })),
    ),
  );
}

function keyOfTask({ benchmark, sample, attempt }: Task): string {
  return keyOf(benchmark.name, sample.id, attempt);
}

function keyOf(benchmark: string, sample: string, attempt: number): string {
  return JSON.stringify([benchmark, sample, attempt]);
}

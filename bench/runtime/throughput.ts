import { median } from "../../src/stats/quantile.ts";
import { type BenchModel, writePrompts } from "./bench-models.ts";
import type { Round } from "./contestant.ts";
import { startEvaluator } from "./evaluator.ts";
import { startLlamaCompletion } from "./llama-completion.ts";
import { buildNativeProgram, startNative } from "./native-ceiling.ts";

/** What of the table is measured. */
export interface ThroughputOptions {
  readonly models: readonly BenchModel[];
  readonly sequences: readonly number[];
  readonly processes: readonly number[];
  readonly rounds: number;
}

/**
 * Prints tokens per second of the evaluator, of node-llama-cpp's LlamaCompletion, and of llama.cpp alone, each generating
 * the same number of tokens to the same prompts; the evaluator also as the published protocol samples. The contestants take turns in every round, so that a busy machine slows
 * all of them; ratios are medians over the rounds.
 */
export async function benchThroughput({ models, sequences, processes, rounds }: ThroughputOptions): Promise<void> {
  const native = await buildNativeProgram();
  if (typeof native === "string") process.stdout.write(`native ceiling: ${native}\n`);
  printRow(COLUMNS);
  for (const model of models) {
    const promptsPath = await writePrompts(model);
    for (const count of sequences) {
      const single: number[] = [];
      for (const number of processes) {
        const job = {
          modelPath: model.path,
          prompts: model.prompts,
          sequences: count,
          processes: number,
          tokens: model.tokens,
        };
        await using evaluator = await startEvaluator(job);
        await using library = await startLlamaCompletion(job);
        await using ceiling = typeof native === "string" ? undefined : await startNative(native, promptsPath, job);
        const contestants = [
          () => evaluator.round(),
          () => evaluator.sampledRound(),
          () => library.round(),
          ...(ceiling === undefined ? [] : [() => ceiling.round()]),
        ];
        const [ours = [], sampled = [], theirs = [], top = []] = await measure(contestants, rounds);
        if (number === 1) single.push(...ours.map(perSecond));
        printRow([
          model.name,
          String(count),
          String(number),
          ...[top, ours, sampled, theirs].map((list) => format(middle(list.map(perSecond)), 0)),
          format(ratio(ours, top, perSecond), 2),
          format(ratio(ours, top, perCpuSecond), 2),
          format(ratio(sampled, ours, perCpuSecond), 2),
          format(ratio(theirs, top, perCpuSecond), 2),
          number === 1 ? "" : format(middle(ours.map(perSecond)) / middle(single), 2),
        ]);
      }
    }
  }
}

/** Tokens per second; then ratios, by the clock and by CPU time, which other work on the machine disturbs less. */
const COLUMNS = [
  "model",
  "sequences",
  "processes",
  "native",
  "evaluator",
  "sampled",
  "LlamaCompletion",
  "evaluator/native",
  "by CPU time",
  "sampled/greedy by CPU time",
  "LlamaCompletion by CPU time",
  "to 1 process",
];

function printRow(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, i) => cell.padStart(COLUMNS[i]?.length ?? 0)).join("  ")}\n`);
}

/** The rounds of each contestant. The first is not counted: it pages the weights in. */
async function measure(contestants: readonly (() => Promise<Round>)[], rounds: number): Promise<Round[][]> {
  const results: Round[][] = contestants.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const one = await contestant();
      if (round > 0) results[i]?.push(one);
    }
  }
  return results;
}

function perSecond({ tokens, seconds }: Round): number {
  return tokens / seconds;
}

function perCpuSecond({ tokens, cpuSeconds }: Round): number {
  return tokens / cpuSeconds;
}

function ratio(ours: readonly Round[], theirs: readonly Round[], speed: (round: Round) => number): number {
  return middle(theirs.flatMap((their, i) => (ours[i] === undefined ? [] : [speed(ours[i]) / speed(their)])));
}

function middle(values: readonly number[]): number {
  return median(values) ?? Number.NaN;
}

function format(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

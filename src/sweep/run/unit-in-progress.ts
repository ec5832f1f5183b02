import { setMaxListeners } from "node:events";
import { readChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import { completionKey, Evaluation, taskKeys } from "../../eval/evaluate.ts";
import { EngineDied, type LoadedModel, type ModelRuntime } from "../../models/runtime.ts";
import type { DamagedLine } from "../../runs/completions/completion-files.ts";
import type { SampleWriter } from "../../runs/completions/sample-writer.ts";
import type { Repeated, SampleRecord, UnitAnswers } from "../../runs/schema.ts";
import type { OpenedAs, UnitStore } from "../../runs/unit-store.ts";
import { donorOf, type PlannedUnit, type SweepPlan } from "../plan/plan.ts";
import type { MaterialisedWeights } from "./materialise.ts";
import { scoresOfUnit } from "./score-run.ts";
import { askedDigest } from "./stored-completions.ts";

/** Completions of a unit that are asked for twice where the same seed need not give the same text. */
const REPEATED = 4;

export interface UnitContext {
  readonly unit: PlannedUnit;
  readonly plan: SweepPlan;
  readonly store: UnitStore;
  readonly weights: MaterialisedWeights;
  /** What its completions are known by. */
  readonly identity: OpenedAs;
  /** Sequences a process. */
  readonly sequences: number | undefined;
  readonly signal: AbortSignal;
  readonly onCompletion: (record: SampleRecord) => void;
  /** An engine died; the unit goes on in a fresh one. */
  readonly onCrash: (death: EngineDied) => void;
}

/**
 * A unit that is being evaluated, by one worker or by several that share its attempts. One death of an engine is forgiven:
 * what it was answering is asked again, of a fresh one. The second ends the unit.
 */
export class UnitInProgress {
  /** Completions that are asked now and were stored before. */
  readonly stored: readonly SampleRecord[];
  /** Damaged lines of the store that are out of the way now. */
  readonly setAside: readonly DamagedLine[];
  readonly #context: UnitContext;
  readonly #writer: SampleWriter;
  readonly #evaluation: Evaluation;
  readonly #failure = new AbortController();
  readonly #contributions = new Set<Promise<void>>();
  #crashed = false;
  /** Whether somebody has done the check by repetition, or is on it. */
  #checked: boolean;
  #repeated: Repeated | undefined;

  private constructor(context: UnitContext, writer: SampleWriter) {
    const { plan } = context;
    this.#context = context;
    this.#writer = writer;
    // Elsewhere the same seed gives the same text.
    this.#checked = plan.server === undefined && plan.engine.gpu !== "auto" && plan.engine.flashAttention !== true;
    const asked = new Set(taskKeys(plan.benchmarks));
    this.stored = writer.existing.filter((record) => asked.has(completionKey(record)));
    this.setAside = writer.setAside;
    this.#evaluation = new Evaluation(plan.benchmarks, plan.settings, writer, context.onCompletion);
  }

  static async begin(context: UnitContext): Promise<UnitInProgress> {
    return new UnitInProgress(context, await context.store.open(context.identity));
  }

  /** Whether another worker would find something to do here. */
  get wantsHelp(): boolean {
    return this.#evaluation.waiting > 0 && !this.#failure.signal.aborted;
  }

  /** Workers that are on it. */
  get contributors(): number {
    return this.#contributions.size;
  }

  /** Answers with a runtime until nothing is left to take. Never throws: `finish` says what went wrong. */
  async contribute(runtime: ModelRuntime): Promise<void> {
    const contribution = this.#contribute(runtime);
    this.#contributions.add(contribution);
    await contribution;
    this.#contributions.delete(contribution);
  }

  async #contribute(runtime: ModelRuntime): Promise<void> {
    const signal = AbortSignal.any([this.#context.signal, this.#failure.signal]);
    // Every attempt under way listens for the abort: many listeners are no leak here.
    setMaxListeners(0, signal);
    while ((this.wantsHelp || !this.#checked) && !signal.aborted) {
      try {
        await this.#answerWith(runtime, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof EngineDied && !this.#crashed) {
          this.#crashed = true;
          this.#context.onCrash(error);
        } else this.#failure.abort(error);
      }
    }
  }

  // Not inlined into the loop above: TypeScript loaders lower `await using` to variables that a next turn finds as they were.
  async #answerWith(runtime: ModelRuntime, signal: AbortSignal): Promise<void> {
    const { unit, plan, weights, sequences } = this.#context;
    await using model = await runtime.load(weights.path, {
      contextTokens: plan.settings.contextTokens,
      sequences,
      chat: await readChatFormat(donorOf(unit.weights)),
      name: unit.point.name,
      signal,
    });
    await this.#evaluation.answerWith(model, signal);
    await this.#check(model, signal);
  }

  /** Asks some completions again, if that has not been done: also where all of them were stored before. */
  async #check(model: LoadedModel, signal: AbortSignal): Promise<void> {
    if (this.#checked) return;
    this.#checked = true;
    try {
      this.#repeated = await this.#evaluation.repeat(model, REPEATED, signal);
    } catch (error) {
      this.#checked = false;
      throw error;
    }
  }

  /**
   * Waits for everybody who contributes, and scores what was answered.
   *
   * @returns how many completions there are, and how many of some came out the same when asked for again
   * @throws what ended the unit, or `signal.reason` if interrupted
   */
  async finish(): Promise<UnitAnswers> {
    while (this.#contributions.size > 0) await Promise.all(this.#contributions);
    this.#context.signal.throwIfAborted();
    this.#failure.signal.throwIfAborted();
    const { records } = this.#evaluation;
    const { plan, store } = this.#context;
    await store.writeScores(
      await scoresOfUnit(store, records, plan.wholeBenchmarks, plan.manifest.scoring, plan.scorers),
    );
    return {
      attempts: records.length,
      samples_bytes: await store.samplesBytes(),
      asked: askedDigest(plan.benchmarks),
      repeated: this.#repeated,
    };
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

import { setMaxListeners } from "node:events";
import { readChatFormat } from "../../../checkpoints/tokenizer/chat-format.ts";
import { completionKey, Evaluation, taskKeys } from "../../../eval/evaluate.ts";
import { EngineDied, type LoadedModel, type ModelRuntime } from "../../../models/runtime.ts";
import type { DamagedLine } from "../../../runs/completions/completion-files.ts";
import type { SampleWriter } from "../../../runs/completions/sample-writer.ts";
import { finishLease } from "../../../runs/leases/lease-files.ts";
import { openCompletionFile } from "../../../runs/leases/open-unit.ts";
import type { RunStore } from "../../../runs/run-store.ts";
import type { Repeated, SampleRecord, UnitAnswers } from "../../../runs/schema.ts";
import type { OpenedAs, UnitStore } from "../../../runs/unit-store.ts";
import { donorOf, type PlannedUnit, type SweepPlan } from "../../plan/plan.ts";
import type { MaterialisedWeights } from "../materialise.ts";
import { scoresOfUnit } from "../score-run.ts";
import { askedDigest, completionsByBuild } from "../stored-completions.ts";
import { type BlockSource, UnitBlocks } from "./unit-blocks.ts";

/** Completions of a unit that are asked for twice where the same seed need not give the same text. */
const REPEATED = 4;

export interface UnitContext {
  readonly unit: PlannedUnit;
  readonly plan: SweepPlan;
  readonly store: RunStore;
  /** The folder that gets the completions, and the file in it that this process has a lease on. */
  readonly place: { readonly owner: string; readonly file: string };
  readonly weights: MaterialisedWeights;
  /** What its completions are known by. */
  readonly identity: OpenedAs;
  /** Sequences a process. */
  readonly sequences: number | undefined;
  readonly signal: AbortSignal;
  readonly onCompletion: (record: SampleRecord) => void;
  /** Told of completions that other processes have stored. */
  readonly onOthers: (records: readonly SampleRecord[]) => void;
  /** An engine died; the unit goes on in a fresh one. */
  readonly onCrash: (death: EngineDied) => void;
}

/**
 * A unit that is being evaluated in this process, by one engine or by several that share its attempts; other processes may be on
 * others of its blocks. One death of an engine is forgiven: what it was answering is asked again, of a fresh one. The second ends
 * the unit.
 */
export class UnitInProgress {
  /** Completions that are asked now and were stored before. */
  readonly stored: readonly SampleRecord[];
  /** Damaged lines of the store that are out of the way now. */
  readonly setAside: readonly DamagedLine[];
  readonly #context: UnitContext;
  readonly #unit: UnitStore;
  readonly #writer: SampleWriter;
  readonly #blocks: UnitBlocks;
  readonly #source: BlockSource;
  readonly #evaluation: Evaluation;
  readonly #failure = new AbortController();
  readonly #contributions = new Set<Promise<void>>();
  #crashed = false;
  /** Whether somebody has done the check by repetition, or is on it. */
  #checked: boolean;
  #repeated: Repeated | undefined;
  /** Whether this process is the one that found all completions there. */
  #finishing = false;

  private constructor(context: UnitContext, writer: SampleWriter) {
    const { plan, store, place } = context;
    this.#context = context;
    this.#unit = store.unit(place.owner);
    this.#writer = writer;
    // Elsewhere the same seed gives the same text.
    this.#checked = plan.server === undefined && plan.engine.gpu !== "auto" && plan.engine.flashAttention !== true;
    const asked = new Set(taskKeys(plan.benchmarks));
    this.stored = writer.existing.filter((record) => asked.has(completionKey(record)));
    this.setAside = writer.setAside;
    this.#blocks = new UnitBlocks(place.owner, store, plan);
    this.#source = this.#blocks.source({ writer, onOthers: (records) => this.#know(records) });
    this.#evaluation = new Evaluation(plan.benchmarks, plan.settings, writer, this.#source, context.onCompletion);
  }

  /** Opens a file that was claimed for it. */
  static async begin(context: UnitContext): Promise<UnitInProgress> {
    const { store, place, identity } = context;
    const { leases } = store;
    const opened = { id: place.owner, store: store.unit(place.owner), leases, as: identity };
    return new UnitInProgress(context, await openCompletionFile(opened, place.file));
  }

  /** Whether another engine might find something to do here. */
  get wantsHelp(): boolean {
    return this.#evaluation.wantsHelp && !this.#failure.signal.aborted;
  }

  /** Engines that are on it. */
  get contributors(): number {
    return this.#contributions.size;
  }

  /** Lets nobody begin with another attempt: what is under way is finished. */
  drain(): void {
    this.#evaluation.drain();
  }

  #know(records: readonly SampleRecord[]): void {
    this.#evaluation.know(records);
    if (records.length > 0) this.#context.onOthers(records);
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
    let ended = false;
    while (!ended && !signal.aborted) {
      try {
        if (await this.#hasWork()) await this.#answerWith(runtime, signal);
        else ended = true;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof EngineDied && !this.#crashed) {
          this.#crashed = true;
          this.#context.onCrash(error);
        } else this.#failure.abort(error);
      }
    }
  }

  async #hasWork(): Promise<boolean> {
    return (await this.#evaluation.fill()) || (!this.#checked && (await this.#finishes()));
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
    if (!this.#checked && (await this.#finishes())) await this.#check(model, signal);
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

  /** Whether all is answered, and it is for this process to score it: of several that find all there, one does. */
  async #finishes(): Promise<boolean> {
    if (this.#finishing) return true;
    if (!this.#blocks.complete) this.#know(await this.#blocks.look());
    if (!this.#blocks.complete) return false;
    const { store, place, plan } = this.#context;
    if (!(await store.leases.claim(finishLease(place.owner)))) return this.#finishing;
    // Another may have done so a moment ago.
    const result = await this.#unit.result();
    const bytes = await this.#unit.samplesBytes();
    const done = result?.asked === askedDigest(plan.benchmarks) && result.samples_bytes === bytes;
    this.#finishing = !done || result.same_as !== null;
    if (!this.#finishing) await store.leases.release(finishLease(place.owner));
    return this.#finishing;
  }

  /**
   * Waits for everybody who contributes, and scores what was answered if that is all.
   *
   * @returns how many completions there are, and how many of some came out the same when asked for again; undefined if others are
   *   still answering, or score it
   * @throws what ended the unit, or `signal.reason` if interrupted
   */
  async finish(): Promise<UnitAnswers | undefined> {
    while (this.#contributions.size > 0) await Promise.all(this.#contributions);
    this.#context.signal.throwIfAborted();
    this.#failure.signal.throwIfAborted();
    // Whoever has the check to do has not done it, if asked to end early.
    if (!(await this.#finishes()) || !this.#checked) return undefined;
    const { plan } = this.#context;
    const { records, differing, counts } = await this.#unit.completions();
    // Whoever was taken for dead meanwhile does not write.
    await this.#context.store.leases.check();
    await this.#unit.writeScores(
      await scoresOfUnit(this.#unit, records, plan.wholeBenchmarks, plan.manifest.scoring, plan.scorers),
    );
    const builds = completionsByBuild(counts, await this.#unit.identity());
    return {
      attempts: records.length,
      samples_bytes: await this.#unit.samplesBytes(),
      asked: askedDigest(plan.benchmarks),
      repeated: this.#repeated,
      ...(differing === 0 ? {} : { differing }),
      ...(builds === undefined ? {} : { builds }),
    };
  }

  /** Gives back all that this process has of the unit. */
  async close(): Promise<void> {
    const { store, place } = this.#context;
    try {
      await this.#writer.close();
    } finally {
      await this.#source.close();
      await store.leases.release(finishLease(place.owner));
    }
  }
}

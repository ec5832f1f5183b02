import { writeStrata } from "../runs/tables/question-strata.ts";
import type { SweepPlan } from "../sweep/plan/plan.ts";
import { runSweep } from "../sweep/run/run-sweep.ts";
import type { SettledOptions, SweepOutcome } from "../sweep/run/sweep-options.ts";
import { type AskedTogether, groupAsks } from "./group-asks.ts";
import type { AnswerLookup, RaceStep } from "./race-plan.ts";
import { strataOf } from "./search-outcome.ts";
import { narrowPlan, type SearchPlan } from "./search-plan.ts";
import { StoredAnswers } from "./stored-answers.ts";

/** Told before questions are asked: how many points, and how many questions of each at the most. */
export type OnBlock = (points: number, questions: number) => void;

/** Gets the answers that a race wants: from the store, and what is not there from the models. */
export class Asking {
  /** Tokens that were generated, and the seconds it took, with merging and starting engines. */
  tokens = 0;
  seconds = 0;
  readonly #plan: SweepPlan;
  readonly #search: SearchPlan;
  readonly #options: SettledOptions;
  readonly #onBlock: OnBlock;
  readonly #answers: StoredAnswers;
  readonly #attempts: ReadonlyMap<string, number>;
  readonly #done = new Set<string>();
  /** Points that are yet to be made again. */
  #again: readonly string[];
  /** Whether the store is known to be of this plan: nothing of it counts before. */
  #opened = false;

  constructor(plan: SweepPlan, search: SearchPlan, options: SettledOptions, onBlock: OnBlock) {
    this.#plan = plan;
    this.#search = search;
    this.#options = options;
    this.#onBlock = onBlock;
    this.#answers = new StoredAnswers(
      options.out,
      search.race.measures.map(({ measure }) => measure),
    );
    this.#attempts = new Map(plan.benchmarks.map(({ name, attempts }) => [name, attempts]));
    this.#again = options.again ?? [];
  }

  /** Points of which all that was asked is there. */
  get done(): number {
    return this.#done.size;
  }

  readonly lookup: AnswerLookup = (point, benchmark, question) =>
    this.#answers.answer(
      this.#search.units[point]?.point.name ?? "",
      this.#plan.benchmarks[benchmark]?.name ?? "",
      this.#search.questions[benchmark]?.[question] ?? "",
    );

  /** @returns what became of it if not all could be asked: points failed, or the search was asked to end */
  async ask({ asks, strata }: RaceStep): Promise<SweepOutcome | undefined> {
    for (const group of groupAsks(this.#search, this.#plan, asks)) {
      const names = [...group.points];
      if (this.#opened) await this.#answers.read(names, this.#attempts);
      if (this.#lacks(group)) {
        await writeStrata(this.#options.out, strataOf(this.#search, strata));
        this.#onBlock(names.length, Math.max(...Array.from(group.questions.values(), ({ size }) => size)));
        const { failed, left } = await this.#run(group);
        if (failed.length > 0 || left > 0) {
          for (const name of names) this.#done.add(name);
          for (const { point } of failed) this.#done.delete(point);
          return { done: this.#done.size - left, failed, left };
        }
        await this.#answers.read(names, this.#attempts);
      }
      for (const name of names) this.#done.add(name);
    }
    return undefined;
  }

  #lacks({ points, questions }: AskedTogether): boolean {
    if (!this.#opened || this.#again.some((name) => points.has(name))) return true;
    return [...points].some((point) =>
      [...questions].some(([name, ids]) => [...ids].some((id) => !this.#answers.has(point, name, id))),
    );
  }

  async #run({ points, questions }: AskedTogether): Promise<SweepOutcome> {
    const started = performance.now();
    const outcome = await runSweep(narrowPlan(this.#plan, points, questions), {
      ...this.#options,
      again: this.#again.filter((name) => points.has(name)),
      onEvent: (event, progress) => {
        if (event.kind === "completion") this.tokens += event.record.completion_tokens ?? 0;
        this.#options.onEvent(event, progress);
      },
    });
    this.seconds += (performance.now() - started) / 1000;
    this.#again = this.#again.filter((name) => !points.has(name));
    this.#opened = true;
    return outcome;
  }
}

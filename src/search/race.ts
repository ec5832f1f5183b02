import { AnswerSheets } from "./answer-sheet.ts";
import { ExpectedTokens } from "./expected-tokens.ts";
import { type Foresight, foresee, neededQuestions } from "./foresee.ts";
import { frontOf, lookFronts } from "./looks.ts";
import { coarsePlaces, proposePoints } from "./propose.ts";
import type { AnswerLookup, DrawnStrata, RacePlan, RaceStep } from "./race-plan.ts";
import { coarseGrid, middlesBeside } from "./refine.ts";
import { type Block, Strata } from "./strata.ts";
import { type Evidence, Verdicts } from "./verdicts.ts";

/** One look at the answers. */
interface Look {
  /** Questions up to here, over all benchmarks. */
  readonly questions: number;
  /** Points whose answers were compared. */
  readonly points: readonly number[];
  readonly dropped: readonly Evidence[];
  /** Points that are asked from now on. */
  readonly joined: readonly number[];
  /** Tokens so far. */
  readonly tokens: number;
}

/** `answered`: the objective is met. `budget`: the next block would not fit. `nothing more`: what is left will hardly decide. */
type Stop = "answered" | "budget" | "nothing more" | "all asked";

export interface RaceOutcome {
  readonly stop: Stop;
  /** The point that meets the objective; undefined where that cannot be told. */
  readonly chosen: number | undefined;
  /** Points that may meet it, the preferred first; the chosen one is the last that counts. */
  readonly candidates: readonly number[];
  /** About how many questions would decide, in all; null where it is decided, or no number would. */
  readonly needed: number | null;
  readonly looks: readonly Look[];
  /** Tokens of what was asked; and of all points and questions, as far as can be seen. */
  readonly tokens: number;
  readonly gridTokens: number;
  /** Questions asked, by point. */
  readonly asked: readonly number[];
  readonly strata: DrawnStrata;
}

/** Less likely events are not waited for. */
const UNLIKELY = 0.05;
const EVEN = 0.5;
/** Times that points join a race over several axes, for each halving of the axes. */
const JOINS_OF_HALVING = 4;
/** Questions before which nothing is given up. */
const EARLY = 100;

/**
 * Races points over blocks of shared questions. It yields what is to be asked, is told where the answers are, and returns what
 * came of it. It depends on the plan and on answers alone, so that a race that is begun again on stored answers goes on where it
 * was.
 */
export function race(plan: RacePlan): Generator<RaceStep, RaceOutcome, AnswerLookup> {
  return new Race(plan).run();
}

class Race {
  readonly #plan: RacePlan;
  readonly #sheets: AnswerSheets;
  readonly #strata: Strata;
  readonly #verdicts: Verdicts;
  readonly #tokens: ExpectedTokens;
  /** Points that were asked anything, in rising order. */
  #asked: number[] = [];
  readonly #blocks: Block[] = [];
  readonly #looks: Look[] = [];
  readonly #all: number;
  /** How often points may join of several axes; of one they end with the gaps. */
  #joins = 0;

  constructor(plan: RacePlan) {
    this.#plan = plan;
    this.#sheets = new AnswerSheets(plan);
    this.#strata = new Strata(plan, this.#sheets);
    this.#verdicts = new Verdicts(plan, this.#sheets);
    this.#tokens = new ExpectedTokens(plan, this.#sheets);
    this.#all = plan.benchmarks.reduce((sum, { questions }) => sum + questions, 0);
  }

  *run(): Generator<RaceStep, RaceOutcome, AnswerLookup> {
    const { levers, points, positions, places } = this.#plan;
    const refine = positions === undefined && places === undefined ? 0 : levers.refine;
    this.#enter(places === undefined || refine === 0 ? coarseGrid(points, refine) : coarsePlaces(places, refine));
    const fronts = lookFronts(this.#all);
    // After points have joined, the same questions are looked at again.
    this.#joins = places === undefined ? refine : JOINS_OF_HALVING * refine;
    const looks = fronts.length + this.#joins;
    for (const front of fronts) {
      if (!(yield* this.#askBlock(front))) return this.#outcome("budget");
      for (;;) {
        const living = this.#living();
        const seen = this.#looks.filter(({ questions }) => questions === this.#all).length;
        const whole = front === this.#all ? seen + 1 : 0;
        const dropped = this.#verdicts.look(living, { look: this.#looks.length + 1, looks, whole });
        const { stop, join } = this.#next(front);
        this.#looks.push({ questions: front, points: living, dropped, joined: join, tokens: this.#sheets.spent });
        if (stop !== undefined) return this.#outcome(stop);
        if (join.length === 0) break;
        this.#enter(join);
        if (!(yield* this.#catchUp(join))) return this.#outcome("budget");
      }
    }
    return this.#outcome("all asked");
  }

  #enter(points: readonly number[]): void {
    const all = this.#plan.against === undefined ? points : [...points, this.#plan.against];
    this.#asked = [...new Set([...this.#asked, ...all])].toSorted((a, b) => a - b);
    for (const point of points) this.#verdicts.candidates.add(point);
  }

  #living(): number[] {
    return this.#asked.filter((point) => !this.#plan.levers.elimination || this.#verdicts.isNeeded(point));
  }

  /** @returns false if it does not fit into the budget */
  *#askBlock(front: number): Generator<RaceStep, boolean, AnswerLookup> {
    const living = this.#living();
    const blocks = this.#plan.benchmarks.map(({ questions }, benchmark): Block => {
      const from = this.#blocks.findLast((block) => block.benchmark === benchmark)?.to ?? 0;
      return { benchmark, from, to: frontOf(questions, front, this.#all) };
    });
    this.#blocks.push(...blocks);
    const parts = this.#plan.levers.strata ? this.#strata.parts(living) : undefined;
    const [first = 0, last = 0] = [living.at(0), living.at(-1)];
    const pilots = parts === undefined ? living : [first, last];
    if (!(yield* this.#ask(pilots.flatMap((point) => blocks.map((block) => this.#strata.whole(point, block))))))
      return false;
    for (const block of blocks) {
      this.#strata.label(block, [first, last]);
      if (parts !== undefined) this.#strata.draw(block, parts);
    }
    const others = living.filter((point) => !pilots.includes(point));
    return yield* this.#ask(others.flatMap((point) => blocks.map((block) => this.#strata.sample(point, block))));
  }

  /** Asks points what the others were asked before they joined. */
  *#catchUp(points: readonly number[]): Generator<RaceStep, boolean, AnswerLookup> {
    const before = this.#asked.filter((point) => !points.includes(point));
    const parts = this.#plan.levers.strata ? this.#strata.parts(before) : undefined;
    for (const block of this.#blocks) {
      const pilots = parts === undefined ? undefined : this.#strata.pilotsOf(block, before);
      if (pilots === undefined || parts === undefined) continue;
      this.#strata.label(block, pilots);
      this.#strata.draw(block, parts);
    }
    const back = this.#living().filter((point) => !points.includes(point));
    const asks = [...points, ...back].flatMap((point) =>
      this.#blocks.map((block) => this.#strata.sample(point, block)),
    );
    return yield* this.#ask(asks);
  }

  *#ask(asks: readonly ReturnType<Strata["whole"]>[]): Generator<RaceStep, boolean, AnswerLookup> {
    const fresh = asks
      .map(({ questions, weights, point, benchmark }) => {
        const places = questions
          .map((_, i) => i)
          .filter((i) => !this.#sheets.isAsked(point, benchmark, questions[i] ?? 0));
        return {
          point,
          benchmark,
          questions: places.map((i) => questions[i] ?? 0),
          weights: places.map((i) => weights[i] ?? 1),
        };
      })
      .filter(({ questions }) => questions.length > 0);
    if (fresh.length === 0) return true;
    if (this.#sheets.spent + this.#tokens.of(fresh, this.#asked) > this.#allowed()) return false;
    const lookup = yield { asks: fresh, strata: this.#strata.drawn };
    for (const ask of fresh) this.#sheets.note(ask, lookup);
    return true;
  }

  #allowed(): number {
    const { budget } = this.#plan;
    if ("tokens" in budget) return budget.tokens;
    // Nothing is known before the first answers: what they take is the least that a search can take.
    return this.#sheets.spent === 0 ? Number.POSITIVE_INFINITY : budget.share * this.#tokens.ofGrid(this.#asked);
  }

  /** What a look leads to: an end, or points that join. */
  #next(front: number): { readonly stop?: Stop; readonly join: readonly number[] } {
    const preferred = this.#verdicts.preferred();
    const chosen = preferred.find((point) => this.#verdicts.isSafe(point, this.#asked));
    const cheaper = chosen === undefined ? preferred : preferred.slice(0, preferred.indexOf(chosen));
    const foresight = this.#foresee(front);
    const outLater = (point: number | undefined): number => (point === undefined ? 0 : (foresight.out.get(point) ?? 0));
    // Beside a point that is as good as out nothing is to be found.
    const settled = (chosen === undefined ? preferred : [...cheaper, chosen]).filter((point) => outLater(point) < EVEN);
    const narrow = chosen !== undefined || preferred.length * 2 <= this.#asked.length;
    const border = outLater(preferred[0]) < EVEN ? this.#border(preferred[0]) : [];
    const join = border.length > 0 ? border : narrow ? this.#beside(settled, front) : [];
    if (join.length > 0) return { join };
    if (chosen !== undefined && cheaper.length === 0) return { stop: "answered", join };
    if (!this.#plan.levers.futility || front < EARLY || front === this.#all) return { join };
    if (foresight.anySafe(cheaper) >= UNLIKELY) return { join };
    if (chosen !== undefined) return { stop: "answered", join };
    // What a report shows then is the preferred point: it must not be about to change.
    if (outLater(preferred[0]) >= UNLIKELY) return { join };
    // What the points that there are cannot decide, a peak between them may: it is likeliest beside the highest.
    const beside = this.#beside([this.#verdicts.highest()], front);
    return beside.length > 0 ? { join: beside } : { stop: "nothing more", join };
  }

  /** Points to ask next: the middles of the gaps beside some, or what the surrogate proposes. */
  #beside(focus: readonly number[], front: number): number[] {
    const { places, cheapest, levers } = this.#plan;
    if (places === undefined) return middlesBeside(focus, this.#asked);
    const joined = this.#looks.filter((look) => look.joined.length > 0).length;
    const [preferred] = this.#verdicts.preferred();
    if (levers.refine === 0 || joined >= this.#joins || preferred === undefined) return [];
    const { standings } = this.#verdicts;
    return proposePoints({ places, sheets: this.#sheets, standings, asked: this.#asked, preferred, cheapest, front });
  }

  /** The middles of the gaps between the preferred point and the points beside it that are out, though they would be preferred. */
  #border(preferred: number | undefined): number[] {
    if (preferred === undefined || this.#plan.places !== undefined) return [];
    const place = this.#asked.indexOf(preferred);
    const beyond = [this.#asked[place - 1], this.#asked[place + 1]].filter(
      (point) =>
        point !== undefined &&
        !this.#verdicts.candidates.has(point) &&
        (!this.#plan.cheapest || this.#sheets.cost(point) < this.#sheets.cost(preferred)),
    );
    return beyond.flatMap((point) => middlesBeside([preferred], [preferred, point ?? preferred]));
  }

  #foresee(front: number): Foresight {
    const { positions, seed } = this.#plan;
    return foresee(this.#verdicts.standings, { positions, seed, asked: front, all: this.#all });
  }

  #outcome(stop: Stop): RaceOutcome {
    const { points, positions, seed } = this.#plan;
    const preferred = this.#verdicts.preferred();
    const chosen = preferred.find((point) => this.#verdicts.isSafe(point, this.#asked));
    const asked = this.#looks.at(-1)?.questions ?? 0;
    const all = Array.from({ length: points }, (_, point) => point);
    return {
      stop,
      chosen,
      candidates: chosen === undefined ? preferred : preferred.slice(0, preferred.indexOf(chosen) + 1),
      needed:
        chosen !== undefined || asked === 0
          ? null
          : neededQuestions(this.#verdicts.standings, { positions, seed, asked }),
      looks: this.#looks,
      tokens: this.#sheets.spent,
      gridTokens: this.#tokens.ofGrid(this.#asked),
      asked: all.map((point) => this.#sheets.asked(point)),
      strata: this.#strata.drawn,
    };
  }
}

/**
 * Runs a race whose answers are all at hand: what `mergesweep` asks a model for is looked up.
 */
export function runRace(plan: RacePlan, lookup: AnswerLookup): RaceOutcome {
  const running = race(plan);
  let step = running.next();
  while (!step.done) step = running.next(lookup);
  return step.value;
}

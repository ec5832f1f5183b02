/** Questions before the first look: fewer hardly ever drop a point. */
const FIRST = 50;
/** Each look has so many times the questions of the one before: how early a race ends hardly depends on the size of the benchmark. */
const GROWTH = 1.4;

/**
 * The numbers of questions at which a race looks at the answers: fixed by the size of the benchmark alone, so that neither the
 * order of answers nor the number of workers can matter.
 *
 * @returns rising, the last of them all questions: 50, 70, 98, 137, 192, 269, 377, 500 of 500
 */
export function lookFronts(questions: number): number[] {
  const fronts: number[] = [];
  let front = FIRST;
  while (front * GROWTH < questions * 1.2) {
    fronts.push(front);
    front = Math.round(front * GROWTH);
  }
  return [...fronts.filter((one) => one < questions), questions];
}

/** Where a race stands among its looks. */
export interface LookPlace {
  /** The first is 1. */
  readonly look: number;
  /** How many there may be in all. */
  readonly looks: number;
  /** How many of them have seen all questions. */
  readonly whole: number;
}

/** The error that may be spent on putting points out, up to a look: the same at each (Lan and DeMets 1983). */
export function spentOnDrops({ look, looks }: LookPlace, error: number): number {
  return (error * Math.min(look, looks)) / looks;
}

/**
 * The error that may be spent on calling a point safe, up to a look: half of it evenly, the rest where all questions have been
 * asked. A race that goes on to the end then decides nearly as often as a grid that is looked at once.
 */
export function spentOnAnswers(place: LookPlace, error: number): number {
  return (spentOnDrops(place, error) + error * (1 - 2 ** -place.whole)) / 2;
}

/** The questions of one benchmark when so many of all questions are asked: every benchmark goes on at the same pace. */
export function frontOf(questions: number, front: number, all: number): number {
  return Math.ceil((questions * front) / all);
}

/** Thrown when a comparison needs more steps than an honest answer would; caught by `gradeAnswer`. */
export class BudgetExceeded extends Error {}

/** Counts the steps of one comparison, so that no input takes long. */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @throws BudgetExceeded */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw new BudgetExceeded("step budget used up");
  }
}

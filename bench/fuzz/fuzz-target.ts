/** A reader of what others wrote, and what its inputs are made from. Add one to `targets.ts`. */
export interface FuzzTarget {
  readonly name: string;
  /** How many inputs a plain run makes. */
  readonly inputs: number;
  /** Good inputs, which are changed. Small ones: a change somewhere in them should matter. */
  seeds(): Promise<readonly Uint8Array[]>;
  /**
   * Reads an input. It may throw what the program explains to a person (a `MergesweepError`); everything else is a crash.
   *
   * @param random for choices of options; the same for the same input
   */
  read(input: Uint8Array, random: () => number): unknown;
}

/** What the process that reads says of one input. */
export interface FuzzReply {
  readonly index: number;
  /** Before it is read: if nothing more comes, this one ended or holds the process. */
  readonly begun?: true;
  /** The error that nobody explains, with its stack. */
  readonly crash?: string;
  /** CPU time, once it is read. */
  readonly milliseconds?: number;
  /** Of the process so far. */
  readonly megabytes?: number;
}

/** Inputs `from` to `to` (not included) of a target, by their numbers. */
export interface FuzzRequest {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** An input that takes more CPU time hangs. */
export const HANG_MILLISECONDS = 2000;

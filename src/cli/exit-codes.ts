import { ConfigError, InputError, isSystemError, MergesweepError, StoreError, UsageError } from "../base/errors.ts";

/** What the shell is told. Documented in `mergesweep --help`. */
export const EXIT = {
  done: 0,
  /** Units failed. */
  failed: 1,
  /** The command line, a config or an input cannot be used; nothing was started. */
  usage: 2,
  /** Asked to end by SIGUSR2, with work left: "try again" among the codes of sysexits.h. */
  left: 75,
  /** A bug of ours. */
  bug: 70,
  interrupted: 130,
  terminated: 143,
  /** The terminal was closed. */
  hungUp: 129,
} as const;

const SIGNAL_EXITS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;

export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof SIGNAL_EXITS) {
    super(`interrupted by ${signal}`);
    this.exitCode = SIGNAL_EXITS[signal];
  }
}

/** The exit code of anything that a command throws. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT.usage;
  if (error instanceof InputError || error instanceof StoreError) return EXIT.usage;
  return error instanceof MergesweepError || isSystemError(error) ? EXIT.failed : EXIT.bug;
}

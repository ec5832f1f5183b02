import { shortened } from "./shorten.ts";

/**
 * The errors that a person can do something about. Everything else that is thrown is a bug.
 *
 * A message says what was expected, what was found and where; `hint` says what to do next. `src/cli/exit-codes.ts` is the
 * only place that turns them into exit codes.
 */
export class MergesweepError extends Error {
  /** Stable and machine-readable, for callers that decide by kind: `usage`, `config`, `input`, `store`, `work`, `disk_full`, `engine_died`. */
  readonly code: string;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The command line was wrong: an unknown flag, a number that is none. Nothing was started. */
export class UsageError extends MergesweepError {
  constructor(message: string, options: { hint?: string | undefined } = {}) {
    super("usage", message, options);
  }
}

/** A file that a person wrote (sweep, recipe, benchmark) says something that cannot be done. Nothing was started. */
export class ConfigError extends MergesweepError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super("config", message, options);
  }
}

/** An input file (checkpoint, tokenizer, dataset) is missing, malformed, or does not fit the others. Nothing was started. */
export class InputError extends MergesweepError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super("input", message, options);
  }
}

/** The run store refuses: another process holds it, or the plan differs from the one it was made with. */
export class StoreError extends MergesweepError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super("store", message, options);
  }
}

/** Work that had begun could not be finished: the disk is full, a model does not load, a child process died. */
export class WorkError extends MergesweepError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super("work", message, options);
  }
}

/** The disk is full: nothing else that writes there would go better. What was written before is whole. */
export class DiskFullError extends WorkError {
  override readonly code = "disk_full";
}

/** The text of anything thrown, for a place that must go on. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Text and hint of anything thrown, for a place that must go on and tells a person. */
export function explanationOf(error: unknown): string {
  const hint = error instanceof MergesweepError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}\n${hint}`;
}

/** Errors of the operating system carry an errno; Node's own (a wrong argument) do not: those are bugs. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "errno" in error;
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`), if it is one. */
export function systemCodeOf(error: unknown): string | undefined {
  // Our own errors have a code of another kind.
  const code =
    error instanceof Error && !(error instanceof MergesweepError) && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

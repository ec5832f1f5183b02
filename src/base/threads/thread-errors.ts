import { ConfigError, DiskFullError, InputError, MergesweepError, StoreError, WorkError } from "../errors.ts";

/** An error on its way from a thread: a copy alone loses what an error that a person can act on, or one of the system, is known by. */
export interface PackedError {
  readonly error: unknown;
  readonly known?: { readonly code: string; readonly hint: string | undefined };
  readonly system?: object;
}

/** @param error what was thrown */
export function packError(error: unknown): PackedError {
  if (error instanceof MergesweepError) return { error, known: { code: error.code, hint: error.hint } };
  if (error instanceof Error && "errno" in error) return { error, system: Object.fromEntries(Object.entries(error)) };
  return { error };
}

const CLASSES = { config: ConfigError, input: InputError, store: StoreError, disk_full: DiskFullError } as const;

/** The error that was thrown in the thread, with its message and hint; one of ours of another class than these becomes a WorkError. */
export function unpackError({ error, known, system }: PackedError): unknown {
  if (!(error instanceof Error)) return error;
  if (known === undefined) return Object.assign(error, system);
  const KnownError = Object.entries(CLASSES).find(([code]) => code === known.code)?.[1] ?? WorkError;
  return new KnownError(error.message, { hint: known.hint, cause: error });
}

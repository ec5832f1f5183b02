import type { SampleRecord } from "../../runs/schema.ts";

/** What happens in a sweep, for whoever shows it. */
export type SweepEvent =
  /** Nothing but that time has passed. */
  | { readonly kind: "beat" }
  /** A point's weights are made again, to be compared with what its completions were made from. */
  | { readonly kind: "inputs-compared"; readonly point: string }
  /** A finished point has fewer completions than it had: what is missing is asked again. */
  | { readonly kind: "completions-lost"; readonly point: string; readonly lost: number }
  /** Lines of a point's store could not be read and lie in `file` now: what they held is asked again. */
  | { readonly kind: "lines-set-aside"; readonly point: string; readonly lines: number; readonly file: string }
  /** A point that was to be made again: its old completions lie in `folder`. */
  | { readonly kind: "unit-set-aside"; readonly point: string; readonly folder: string }
  /** `stored` are the completions from before. */
  | { readonly kind: "unit-started"; readonly point: string; readonly stored: readonly SampleRecord[] }
  | { readonly kind: "completion"; readonly point: string; readonly record: SampleRecord }
  /** Completions of a point that has begun here, by other processes. */
  | { readonly kind: "completions-elsewhere"; readonly point: string; readonly records: readonly SampleRecord[] }
  /** Another process may be dead, and is waited for. */
  | { readonly kind: "waiting"; readonly message: string }
  /** An engine died, at work or while it started: the unit goes on with a fresh process, or a server that is started again. */
  | {
      readonly kind: "unit-crashed";
      readonly point: string;
      readonly message: string;
      readonly engine: "process" | "server";
    }
  /** A worker's engine does not start: the work is left to the other workers. */
  | { readonly kind: "worker-lost"; readonly message: string }
  /** Another build of the runtime has begun this point and goes on with it: it is left alone. */
  | { readonly kind: "unit-left"; readonly point: string; readonly message: string }
  | { readonly kind: "unit-done"; readonly point: string; readonly sameAs: string | null; readonly resumed: boolean }
  | { readonly kind: "unit-failed"; readonly point: string; readonly message: string };

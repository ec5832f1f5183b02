import type { SampleRecord } from "../../runs/schema.ts";

/** What happens in a sweep, for whoever shows it. */
export type SweepEvent =
  /** Nothing but that time has passed. */
  | { readonly kind: "beat" }
  /** `stored` are the completions from before. */
  | { readonly kind: "unit-started"; readonly point: string; readonly stored: readonly SampleRecord[] }
  | { readonly kind: "completion"; readonly point: string; readonly record: SampleRecord }
  /** An engine died, at work or while it started: the unit goes on with a fresh process, or a server that is started again. */
  | {
      readonly kind: "unit-crashed";
      readonly point: string;
      readonly message: string;
      readonly engine: "process" | "server";
    }
  /** A worker's engine does not start: the work is left to the other workers. */
  | { readonly kind: "worker-lost"; readonly message: string }
  | { readonly kind: "unit-done"; readonly point: string; readonly sameAs: string | null; readonly resumed: boolean }
  | { readonly kind: "unit-failed"; readonly point: string; readonly message: string };

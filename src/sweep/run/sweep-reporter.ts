import type { RunProgress } from "../../runs/leases/progress.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { Manifest } from "../../runs/schema.ts";
import { SteadyEstimate } from "./steady-estimate.ts";
import type { SweepEvent } from "./sweep-event.ts";
import { SweepTally } from "./tally.ts";

/** How often whoever shows a sweep is told that time has passed. */
const BEAT_MILLISECONDS = 2000;
/** So often it is written down for others with every beat: who has just started it wants to see how it goes. */
const FIRST_NOTES = 10;
/** Then every so many beats: a thousand workers may share one server of files. */
const BEATS_PER_NOTE = 5;

interface Listeners {
  /** `progress` says how far the sweep is after the event. */
  readonly onEvent: (event: SweepEvent, progress: () => RunProgress) => void;
  /** How many processes are on a point. */
  readonly processesOf: (point: string) => number;
}

/** Counts what happens in a sweep, tells whoever shows it, and writes down how far it is, for `status`. */
export class SweepReporter {
  readonly #tally: SweepTally;
  readonly #listeners: Listeners;
  readonly #estimate = new SteadyEstimate();
  readonly #beat: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  constructor(manifest: Manifest, workers: number, store: RunStore, listeners: Listeners) {
    this.#tally = new SweepTally(manifest, workers, performance.now());
    this.#listeners = listeners;
    let beats = 0;
    this.#beat = setInterval(() => {
      this.#progress();
      this.report({ kind: "beat" });
      if (++beats > FIRST_NOTES && beats % BEATS_PER_NOTE > 0) return;
      // A failure to write is left to the completions, which are not to be lost silently.
      this.#writing = this.#writing.then(() => store.leases.writeProgress(this.#progress())).catch(() => {});
    }, BEAT_MILLISECONDS).unref();
  }

  report(event: SweepEvent): void {
    this.#tally.count(event, performance.now());
    this.#listeners.onEvent(event, () => this.#progress());
  }

  /** Every look adds to what the estimate of the time left is judged by. */
  #progress(): RunProgress {
    const progress = this.#tally.progress(performance.now(), this.#listeners.processesOf);
    return { ...progress, seconds_left: this.#estimate.of(progress.seconds, progress.seconds_left) };
  }

  /** Writes nothing any more once this is done. */
  async stop(): Promise<void> {
    clearInterval(this.#beat);
    await this.#writing;
  }
}

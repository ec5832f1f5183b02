import type { RunProgress } from "../../runs/leases/progress.ts";
import { completionsPerPoint, type Manifest, type SampleRecord } from "../../runs/schema.ts";
import type { SweepEvent } from "./sweep-event.ts";

/** A point that has begun. */
interface BegunPoint {
  /** Answered, by benchmark. */
  readonly answered: Map<string, number>;
  readonly startedAt: number;
  /** Of completions since then. */
  tokens: number;
}

/** Counts what happens in a sweep, and says how long the rest will take. Times are milliseconds of any one clock. */
export class SweepTally {
  readonly #manifest: Manifest;
  readonly #workers: number;
  readonly #startedAt: number;
  readonly #begun = new Map<string, BegunPoint>();
  readonly #finished = new Set<string>();
  /** Samples of finished points. */
  #samplesFinished = 0;
  readonly #lengths = new Map<string, { completions: number; tokens: number }>();
  #tokens = 0;

  constructor(manifest: Manifest, workers: number, now: number) {
    this.#manifest = manifest;
    this.#workers = workers;
    this.#startedAt = now;
  }

  count(event: SweepEvent, now: number): void {
    switch (event.kind) {
      case "unit-started": {
        const begun: BegunPoint = { answered: new Map(), startedAt: now, tokens: 0 };
        this.#begun.set(event.point, begun);
        for (const record of event.stored) this.#countRecord(begun, record);
        break;
      }
      case "completion": {
        const begun = this.#begun.get(event.point);
        if (begun === undefined) break;
        this.#countRecord(begun, event.record);
        begun.tokens += event.record.completion_tokens ?? 0;
        this.#tokens += event.record.completion_tokens ?? 0;
        break;
      }
      case "completions-elsewhere": {
        const begun = this.#begun.get(event.point);
        if (begun !== undefined) for (const record of event.records) this.#countRecord(begun, record);
        break;
      }
      case "unit-done":
        this.#finish(event.point, completionsPerPoint(this.#manifest));
        break;
      case "unit-failed":
        this.#finish(event.point, sum(this.#begun.get(event.point)?.answered.values() ?? []));
        break;
      default:
        break;
    }
  }

  #countRecord(begun: BegunPoint, { benchmark, completion_tokens: tokens }: SampleRecord): void {
    begun.answered.set(benchmark, (begun.answered.get(benchmark) ?? 0) + 1);
    const lengths = this.#lengths.get(benchmark) ?? { completions: 0, tokens: 0 };
    this.#lengths.set(benchmark, { completions: lengths.completions + 1, tokens: lengths.tokens + (tokens ?? 0) });
  }

  #finish(point: string, samples: number): void {
    this.#finished.add(point);
    this.#begun.delete(point);
    this.#samplesFinished += samples;
  }

  /** @param processesOf how many processes are on a point */
  progress(now: number, processesOf: (point: string) => number): RunProgress {
    const perPoint = completionsPerPoint(this.#manifest);
    const seconds = (now - this.#startedAt) / 1000;
    const speed = seconds === 0 ? 0 : this.#tokens / seconds;
    const working = Array.from(this.#begun, ([point, { answered, startedAt, tokens }]) => ({
      point,
      samples_done: sum(answered.values()),
      samples_total: perPoint,
      tokens_per_second: now === startedAt ? 0 : (1000 * tokens) / (now - startedAt),
      processes: processesOf(point),
    }));
    return {
      workers: this.#workers,
      seconds,
      points_done: this.#finished.size,
      points_total: this.#manifest.points.length,
      samples_done: this.#samplesFinished + sum(working.map(({ samples_done }) => samples_done)),
      samples_total: this.#manifest.points.length * perPoint,
      tokens_per_second: speed,
      seconds_left: this.#secondsLeft(speed),
      working,
    };
  }

  /** Completions of one benchmark may be a hundred times as long as those of another: each is counted by its own length. */
  #secondsLeft(speed: number): number | null {
    const unfinished = this.#manifest.points.length - this.#finished.size;
    if (unfinished === 0) return 0;
    const all = [...this.#lengths.values()];
    const known = { completions: sum(all.map((one) => one.completions)), tokens: sum(all.map((one) => one.tokens)) };
    if (known.completions === 0 || speed === 0) return null;
    const tokens = this.#manifest.benchmarks.map(({ name, samples, attempts }) => {
      const answered = sum(Array.from(this.#begun.values(), (begun) => begun.answered.get(name) ?? 0));
      const lengths = this.#lengths.get(name) ?? known;
      return (unfinished * samples * attempts - answered) * (lengths.tokens / lengths.completions);
    });
    return sum(tokens) / speed;
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

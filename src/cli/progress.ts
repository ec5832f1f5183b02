import { countOf } from "../base/count-of.ts";
import type { RunProgress } from "../runs/leases/progress.ts";
import type { SweepEvent } from "../sweep/run/sweep-event.ts";
import type { Terminal } from "./terminal.ts";

/** Without a terminal to redraw, one line in this time, beside those for finished points. */
const LOG_MILLISECONDS = 60_000;
const REDRAW_MILLISECONDS = 100;

/**
 * Shows a sweep as it goes. On a terminal one line is redrawn; in a log there is a line a minute and a line for every
 * finished point.
 *
 * @param labelOf the name of the point that has a unit
 * @param now milliseconds of a clock
 */
export function showProgress(
  terminal: Terminal,
  labelOf: (unit: string) => string,
  now: () => number = () => performance.now(),
): (event: SweepEvent, progress: () => RunProgress) => void {
  let drawn = Number.NEGATIVE_INFINITY;
  let logged = now();
  const log = (progress: RunProgress, before = ""): void => {
    terminal.note(`${before}${progressLine(progress)}`);
    logged = now();
  };

  return (event, progress) => {
    switch (event.kind) {
      case "inputs-compared":
        terminal.note(`${event.point}: comparing its weights with those that were evaluated`);
        break;
      case "completions-lost":
        terminal.note(
          `${event.point}: ${countOf(event.lost, "completion")} of this finished point are missing in the store; asking again`,
        );
        break;
      case "lines-set-aside":
        terminal.note(
          `${event.point}: ${countOf(event.lines, "damaged line")} set aside in ${event.file}; asking again for what they held`,
        );
        break;
      case "unit-set-aside":
        terminal.note(`${event.point}: made again; the old completions are in ${event.folder}`);
        break;
      case "unit-crashed":
        terminal.note(`${event.point}: ${event.message}\n${event.point}: goes on with a fresh ${event.engine}`);
        break;
      case "worker-lost":
        terminal.note(`A worker gave up: ${event.message}\nThe other workers take over its work.`);
        break;
      case "unit-done":
        if (event.sameAs !== null)
          terminal.note(`${event.point}: the same weights as ${labelOf(event.sameAs)}, evaluated once`);
        else if (!terminal.interactive && !event.resumed) log(progress(), `${event.point}: done. `);
        break;
      case "unit-left":
        terminal.note(`${event.point}: left to others: ${event.message}`);
        break;
      case "waiting":
        terminal.note(event.message);
        break;
      case "unit-failed":
        terminal.note(`${event.point}: failed: ${event.message}`);
        break;
      default:
        break;
    }
    if (!terminal.interactive) {
      if (now() - logged >= LOG_MILLISECONDS) log(progress());
    } else if (now() - drawn >= REDRAW_MILLISECONDS) {
      terminal.status(progressLine(progress(), terminal.columns));
      drawn = now();
    }
  };
}

const BAR_CHARACTERS = 20;
/** A shorter bar says nothing. */
const LEAST_BAR_CHARACTERS = 5;

/**
 * `[####....] 3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left`, in so many characters: the bar becomes shorter
 * first, then what comes before the time left is left out, the front first.
 */
function progressLine(progress: RunProgress, columns = Number.POSITIVE_INFINITY): string {
  const parts = [
    `${progress.points_done}/${progress.points_total} points`,
    `${progress.samples_done}/${progress.samples_total} samples`,
    ...speedParts(progress),
  ];
  const text = parts.join(", ");
  // Brackets and a space.
  const bar = Math.min(BAR_CHARACTERS, columns - text.length - 3);
  if (bar >= LEAST_BAR_CHARACTERS) {
    const share = progress.samples_done / Math.max(1, progress.samples_total);
    return `[${"#".repeat(Math.round(share * bar)).padEnd(bar, ".")}] ${text}`;
  }
  while (parts.length > 1 && parts.join(", ").length > columns) parts.shift();
  return parts.join(", ");
}

/** `2210 tokens/s, 2 min 5 s left` */
export function describeSpeed(progress: Speed): string {
  return speedParts(progress).join(", ");
}

type Speed = Pick<RunProgress, "tokens_per_second" | "seconds_left">;

function speedParts(progress: Speed): [speed: string, left: string] {
  const left = progress.seconds_left === null ? "?" : formatSeconds(progress.seconds_left);
  return [`${Math.round(progress.tokens_per_second)} tokens/s`, `${left} left`];
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

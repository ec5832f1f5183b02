import { styleText } from "node:util";

/** Where a command writes: stdout carries the result, stderr everything else. */
export interface Terminal {
  /** The result: a table, or JSON; nothing if it is empty. */
  out(text: string): void;
  /** A line for the person: progress, warnings, what to do next. */
  note(text: string): void;
  /** What went wrong; shown even when quiet. */
  error(text: string): void;
  /** Redraws the status line, cut at `columns`; on anything but a terminal, does nothing. */
  status(text: string): void;
  /** Characters that a status line has room for. */
  readonly columns: number;
  readonly interactive: boolean;
}

/** A terminal over two streams. Colours and redrawing only where stderr is one and `NO_COLOR` is unset. */
export function createTerminal(
  stdout: NodeJS.WritableStream,
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number },
  quiet = false,
): Terminal {
  const interactive = stderr.isTTY === true && process.env.CI === undefined;
  let drawn = false;
  const clear = (): void => {
    if (drawn) stderr.write("\r\x1b[K");
    drawn = false;
  };
  // Some terminals do not know their width and say 0. Nothing is written into the last column: some begin a new line then.
  const columns = (): number => (stderr.columns !== undefined && stderr.columns > 0 ? stderr.columns : 80) - 1;
  return {
    interactive,
    get columns() {
      return columns();
    },
    out(text) {
      clear();
      if (text !== "") stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    },
    note(text) {
      if (quiet) return;
      clear();
      stderr.write(`${text}\n`);
    },
    error(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    status(text) {
      if (quiet || !interactive) return;
      stderr.write(`\r\x1b[K${styleText("dim", text.slice(0, columns()), { stream: process.stderr })}`);
      drawn = true;
    },
  };
}

import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import { visible } from "../base/visible.ts";

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
  /** Asks a question that is answered with yes or no; undefined where nobody could answer. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/**
 * A terminal over two streams; what others wrote cannot act on it. Colours and redrawing only where stderr is one
 * and `NO_COLOR` is unset.
 */
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
  const confirm = async (question: string): Promise<boolean> => {
    clear();
    const asking = createInterface({ input: process.stdin, output: stderr });
    try {
      return /^y(?:es)?$/i.test((await asking.question(`${visible(question)} [y/N] `)).trim());
    } finally {
      asking.close();
    }
  };
  return {
    interactive,
    confirm: interactive && process.stdin.isTTY ? confirm : undefined,
    get columns() {
      return columns();
    },
    out(text) {
      clear();
      const shown = visible(text);
      if (shown !== "") stdout.write(shown.endsWith("\n") ? shown : `${shown}\n`);
    },
    note(text) {
      if (quiet) return;
      clear();
      stderr.write(`${visible(text)}\n`);
    },
    error(text) {
      clear();
      stderr.write(`${visible(text)}\n`);
    },
    status(text) {
      if (quiet || !interactive) return;
      stderr.write(`\r\x1b[K${styleText("dim", visible(text).slice(0, columns()), { stream: process.stderr })}`);
      drawn = true;
    },
  };
}

/** A measurement: what `npm run bench NAME` runs, and what it prints with `--help`. */
export interface Bench {
  readonly help: string;
  /** @throws UsageError for a flag that it does not have, or a value that it cannot use */
  readonly run: (args: string[]) => Promise<void>;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Lines that are kept of what llama.cpp says. */
const KEPT_LINES = 20;
const SHOWN_LINES = 4;
/** A line of the log that is longer holds data of the file. */
const MAX_CHARACTERS = 300;

/** What llama.cpp says of errors, in its own words. */
export class NativeLog {
  #lines: string[] = [];

  /** Takes a message, and prints it, too: if the process dies, its last lines are shown. */
  readonly add = (_level: unknown, message: string): void => {
    process.stderr.write(`${message.trimEnd()}\n`);
    const lines = message.split("\n").map((line) => line.trim().slice(0, MAX_CHARACTERS));
    this.#lines = [...this.#lines, ...lines.filter((line) => line !== "")].slice(-KEPT_LINES);
  };

  clear(): void {
    this.#lines = [];
  }

  /** The last lines, each once, without the function that wrote them; undefined if nothing was said. */
  describe(): string | undefined {
    const said = [...new Set(this.#lines.map((line) => line.replace(/^\w+: (?=\S)/, "")))].slice(-SHOWN_LINES);
    return said.length === 0 ? undefined : said.join("; ");
  }
}

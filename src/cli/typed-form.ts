import { COMMAND_NAMES } from "./commands/index.ts";
import type { Terminal } from "./terminal.ts";

/** A command line of ours in a sentence, as hints have them all over the code. */
const COMMAND = new RegExp(`(?<![\\w/.@-]|npx )mergesweep (?=(?:${COMMAND_NAMES.join("|")}|--help)\\b)`, "g");

/** The text with its command lines as a person has to type them here: `npx mergesweep run`, say. */
export function inTypedForm(text: string, program: string): string {
  return text.replaceAll(COMMAND, `${program} `);
}

/** A terminal whose hints and errors name commands as they have to be typed. Results are as they were. */
export function typedForm(terminal: Terminal, program: string): Terminal {
  const own: Pick<Terminal, "note" | "error"> = {
    note: (text) => terminal.note(inTypedForm(text, program)),
    error: (text) => terminal.error(inTypedForm(text, program)),
  };
  return Object.setPrototypeOf(own, terminal);
}

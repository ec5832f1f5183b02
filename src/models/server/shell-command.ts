import { ConfigError } from "../../base/errors.ts";

/** A command and the environment that holds what it must not read as code. */
export interface ShellCommand {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a value may consist of to be safe wherever it is put. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Commands that read one of their arguments as another command: a value in it is read twice. */
const READS_AGAIN = /(?:^|[\s;&|(`])(?:(?:ba|da|z|k|a)?sh\s+(?:-\w+\s+)*-\w*c|eval|ssh|xargs|su|watch)(?:\s|$)/;

/**
 * Fills a shell command's placeholders so that a value is one word and never code: it is handed over in the environment, and
 * the placeholder becomes its variable, quoted as the place needs.
 *
 * @param values by placeholder: `{model}`, `{gguf}`, `{port}`, `{name}`
 * @throws ConfigError where a value would be read as code in spite of that
 */
export function fillCommand(command: string, values: Readonly<Record<string, string>>): ShellCommand {
  const environment: Record<string, string> = {};
  let filled = "";
  let quotes: "'" | '"' | "" = "";
  for (let at = 0; at < command.length; at++) {
    const character = command[at] ?? "";
    if (character === "\\" && quotes !== "'") {
      filled += command.slice(at, at + 2);
      at++;
      continue;
    }
    if ((character === "'" || character === '"') && (quotes === "" || quotes === character)) {
      quotes = quotes === "" ? character : "";
    }
    const placeholder = character === "{" ? /^\{(\w+)\}/.exec(command.slice(at)) : null;
    const value = values[placeholder?.[1] ?? ""];
    // `${model}` is a variable of the shell, not a placeholder.
    if (placeholder === null || value === undefined || command[at - 1] === "$") {
      filled += character;
      continue;
    }
    at += placeholder[0].length - 1;
    if (PLAIN.test(value)) {
      filled += value;
      continue;
    }
    refuseUnsafe(command, placeholder[0], value);
    const name = `MERGESWEEP_${placeholder[1]?.toUpperCase() ?? ""}`;
    environment[name] = value;
    filled += quotes === "'" ? `'"\${${name}}"'` : quotes === '"' ? `\${${name}}` : `"\${${name}}"`;
  }
  return { command: filled, environment };
}

function refuseUnsafe(command: string, placeholder: string, value: string): void {
  const why = value.includes("\0")
    ? "it has a null character"
    : value.startsWith("-")
      ? "it would be read as an option"
      : READS_AGAIN.test(command) || /<<|`|\$\(/.test(command)
        ? "the command hands it to another shell, which would read it as code"
        : undefined;
  if (why === undefined) return;
  throw new ConfigError(
    `serve: ${placeholder} cannot be ${JSON.stringify(value)} in ${JSON.stringify(command)}: ${why}`,
    {
      hint: "Use a path without spaces and special characters, or a command that starts the server itself.",
    },
  );
}

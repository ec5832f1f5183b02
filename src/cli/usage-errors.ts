import { UsageError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { nearestWord } from "../base/suggest.ts";

/**
 * What yargs says of a command line, in the words of all other errors: what was expected, what was found, and what was probably
 * meant.
 *
 * @param args the command line
 * @param usage what yargs knows of the command that failed
 */
export function usageErrorOf(message: string, args: readonly string[], usage: object): UsageError {
  const command = args.find((one) => !one.startsWith("-"));
  const isKnown = message.startsWith("Unknown command") || message.startsWith("Did you mean");
  const whose = command === undefined || isKnown ? "lists commands and flags" : "lists its flags";
  const help = whose === "lists its flags" ? `mergesweep ${command} --help` : "mergesweep --help";
  return new UsageError(inOurWords(message, args, flagNames(usage)), { hint: `${help} ${whose}.` });
}

function inOurWords(message: string, args: readonly string[], flags: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1];
  if (unknown !== undefined) {
    const names = unknown.split(", ");
    // `max-tokns` is named as maxTokns, too, which nobody typed.
    const typed = names.filter((name) => !names.some((other) => other !== name && camelCase(other) === name));
    return typed.map((name) => unknownArgument(name, args, flags)).join("\n");
  }
  const command = /^Unknown commands?: (.+)$/.exec(message)?.[1];
  if (command !== undefined) return `expected no more arguments, or a command that there is; found "${command}"`;
  const near = /^Did you mean (.+)\?$/.exec(message)?.[1];
  if (near !== undefined) return `unknown command "${nearestWord(near, args) ?? args[0]}". Did you mean "${near}"?`;
  const few = /^Not enough non-option arguments: got (\d+), need at least (\d+)$/.exec(message);
  if (few !== null) return `expected ${few[2]} more than flags (a file, a run, a model), found ${few[1]}`;
  const silent = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (silent !== undefined) return `--${silent}: expected a value, found nothing`;
  const choices = Array.from(
    message.matchAll(/^ {2}Argument: (.+?), Given: (.+?), Choices: (.+)$/gm),
    ([, name, given, all]) => `--${name}: expected one of ${all?.replaceAll('"', "")}; found ${given}`,
  );
  return choices.length > 0 ? choices.join("\n") : message;
}

function unknownArgument(name: string, args: readonly string[], flags: readonly string[]): string {
  const found = ["--", "--no-", "-"].find((dashes) =>
    args.some((one) => one === dashes + name || one.startsWith(`${dashes}${name}=`)),
  );
  if (found === undefined) return `unexpected argument "${name}"`;
  const near = nearestWord(name, flags);
  const meant = near === undefined ? "" : `. Did you mean ${found === "-" ? "--" : found}${near}?`;
  return `unknown flag ${found}${name}${meant}`;
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
}

/** The flags of a command: what yargs gives whoever is told of a failure describes them, though its types say something else. */
function flagNames(usage: object): string[] {
  const described: unknown =
    "getDescriptions" in usage && typeof usage.getDescriptions === "function" ? usage.getDescriptions() : {};
  return isRecord(described) ? Object.keys(described).filter((name) => name.length > 1) : [];
}

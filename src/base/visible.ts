/**
 * Characters that act on a terminal or turn text around: controls but newline and tab, DEL, C1, bidirectional marks and
 * isolates, line and paragraph separators, byte order marks, and zero-width characters of invisible text.
 */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const ACTING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text by others as it may be shown: what acts instead of being seen is written as in JSON, `\u001b`. */
export function visible(text: string): string {
  return text.replaceAll(ACTING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The longest line of an error, and how much of its end is kept where it is cut. */
const LONGEST_LINE = 600;
const KEPT_END = 150;

/** A message of which no line quotes more than a person reads. */
export function shortened(message: string): string {
  if (message.length <= LONGEST_LINE) return message;
  return message.split("\n").map(shortenLine).join("\n");
}

function shortenLine(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  const left = line.length - LONGEST_LINE;
  return `${line.slice(0, LONGEST_LINE - KEPT_END)}[... ${left} more characters ...]${line.slice(-KEPT_END)}`;
}

/**
 * Characters that act on a terminal or turn text around: controls but newline and tab, DEL, C1, bidirectional marks and
 * isolates, line and paragraph separators, byte order marks, and zero-width characters of invisible text.
 */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

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

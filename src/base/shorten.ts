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

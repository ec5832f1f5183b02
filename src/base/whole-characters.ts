/** The beginning of a text, of at most so many UTF-16 units; never half of a character. */
export function beginning(text: string, most: number): string {
  return text.slice(0, isWithinPair(text, most) ? most - 1 : most);
}

/** The end of a text, of at most so many UTF-16 units; never half of a character. */
export function ending(text: string, most: number): string {
  const at = Math.max(0, text.length - most);
  return text.slice(isWithinPair(text, at) ? at + 1 : at);
}

/** Whether a place is between the two halves of a character beyond U+FFFF. */
function isWithinPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}

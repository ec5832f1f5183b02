/**
 * Characters that act on a terminal or turn text around: controls but newline and tab, DEL, C1, bidirectional marks and
 * isolates, line and paragraph separators, byte order marks, and zero-width characters of invisible text.
 */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** Text by others as it may be shown: what acts instead of being seen is written as in JSON, `\u001b`. */
export function visible(text: string): string {
  return text.replaceAll(ACTING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Characters that act or hide instead of being seen: controls but newline and tab, halves of characters, marks that turn text
 * around, line and paragraph separators, and all that Unicode says is not drawn (zero-width characters, byte order marks, tags).
 * Not the choice between a sign in text and in colours (U+FE0E, U+FE0F), which many texts have.
 */
const HIDDEN =
  /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** Text by others as it may be shown: what acts instead of being seen is written as in JSON, `\u001b`. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${hexadecimal(character.charCodeAt(i))}`).join(""),
  );
}

/** The same for readers who know no JSON: `⟨U+202E⟩` for a mark that turns the direction. */
export function withHiddenNamed(text: string): string {
  return text.replaceAll(HIDDEN, (character) => `⟨U+${hexadecimal(character.codePointAt(0) ?? 0).toUpperCase()}⟩`);
}

function hexadecimal(code: number): string {
  return code.toString(16).padStart(4, "0");
}

/**
 * What could hide or rearrange text: control characters but line breaks and tabs, marks of direction, invisible characters, and
 * halves of characters.
 */
const HIDDEN = new RegExp(
  [
    String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f]`,
    String.raw`[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]`,
    String.raw`[\ud800-\udbff](?![\udc00-\udfff])`,
    String.raw`(?<![\ud800-\udbff])[\udc00-\udfff]`,
  ].join("|"),
  "g",
);

/** A text in which nothing is hidden: `⟨U+202E⟩` for a mark that turns the direction. */
export function visibleText(text: string): string {
  return text.replaceAll(
    HIDDEN,
    (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

/**
 * LaTeX commands whose backslash and first letter became one control character, as happens when a backslash is not doubled
 * in JSON: `\frac` to form feed + `rac`. Tab and newline are characters of ordinary text too, so there only the rest of a
 * known command tells.
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/\f/, "a form feed where \\f began a command"],
  // oxlint-disable-next-line no-control-regex
  [/[\b]/, "a backspace where \\b began a command"],
  [/\v/, "a vertical tab where \\v began a command"],
  // oxlint-disable-next-line no-control-regex
  [/\u0007/, "a bell where \\a began a command"],
  [/\r(?!\n|$)/, "a carriage return where \\r began a command"],
  [/\t(?:riangle|imes|ext(?:bf|it|rm)?\b|heta|herefore|ilde|an\b|au\b|op\b|frac)/, "a tab where \\t began a command"],
  [/\n(?:abla|eq?\b|eg\b|u\b|otin)(?=[\s\\{}$^_])/, "a line break where \\n began a command"],
  // oxlint-disable-next-line no-control-regex
  [/[\u0000-\u0006\u000e-\u001f\u007f]/, "a control character"],
  [/\ufffd/, "a replacement character: the file was read in the wrong encoding"],
];

/** What in a text looks like LaTeX that lost its backslashes, in words; empty if nothing does. Real tabs are fine. */
export function brokenEscapes(text: string): string[] {
  return RULES.flatMap(([pattern, description]) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${description}: ${JSON.stringify(text.slice(match.index, match.index + 12))}`];
  });
}

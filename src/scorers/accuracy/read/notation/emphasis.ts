/** Longest text that is set off. */
const LONGEST = 300;
const STARS = new RegExp(String.raw`(\*{1,3})([^\s*](?:[^*\n]{0,${LONGEST}}[^\s*])?)\1(?!\*)`, "g");
const LINES = new RegExp(String.raw`(?<![\w\\)}\]$^])(_{1,3})([^\s_](?:[^_\n]{0,${LONGEST}}[^\s_])?)\1(?![_\w])`, "g");
const STRUCK = /~~[^~\n]{1,200}~~/g;

/** What a sign of multiplication may follow: then a star is one. */
const OPERAND = /[\p{Script=Latin}\p{Script=Greek}\d)\]}^\\$]$/u;
/** The same behind a space: a number, a bracket, or a letter that stands alone. */
const SPACED_OPERAND = /(?:[\d)\]}]|(?<![\p{L}\\])\p{Script=Latin})$/u;

/** A text without Markdown's marks of emphasis: `**180** km` is 180 km, and `2**3` stays a power. What is struck out is left out. */
export function withoutEmphasis(text: string): string {
  let result = text;
  // Marks in marks, as in `__**180**__`.
  for (let times = 0; times < 2; times++) {
    if (result.includes("*")) result = result.replace(STARS, unlessProduct);
    if (result.includes("_")) result = result.replace(LINES, "$2");
  }
  return result.includes("~~") ? result.replace(STRUCK, " ") : result;
}

function unlessProduct(whole: string, mark: string, inner: string, at: number, text: string): string {
  const before = text.slice(Math.max(0, at - 20), at);
  const trimmed = before.replace(/[ \t]+$/, "");
  if ((trimmed === before ? OPERAND : SPACED_OPERAND).test(trimmed)) return whole;
  const after = text[at + whole.length] ?? "";
  const goesOn = mark.length === 1 ? /[\p{Script=Latin}\p{Script=Greek}\d(\\]/u : /[\d(]/;
  return goesOn.test(after) ? whole : inner;
}

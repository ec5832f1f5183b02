import type { Token } from "./token.ts";

/** Letters that are a unit of measurement after a number or another unit. */
const LETTER_UNITS = "mgshLNJWVKCFAT";
/** Commands that begin a unit. */
const PREFIXES: ReadonlySet<string> = new Set(["mu", "Omega", "AA", "ohm"]);

/** Longest unit in tokens. */
const MAX_TOKENS = 30;

/** An answer without what it is measured in. */
export interface SplitUnit {
  readonly bare: readonly Token[];
  /** The unit as written, words apart, or "". */
  readonly unit: string;
  readonly percent: boolean;
  /** A letter without a space. */
  readonly glued?: boolean | undefined;
}

/** Cuts a unit, a percent sign or degrees from the end. */
export function splitUnit(tokens: readonly Token[]): SplitUnit {
  const last = tokens.at(-1);
  if (last?.text === "%" || (last?.kind === "text" && /^(?:percent|percentage|pct)$/i.test(last.text)))
    return { bare: tokens.slice(0, -1), unit: "", percent: true };
  for (let start = Math.max(0, tokens.length - MAX_TOKENS); start < tokens.length; start++) {
    if (unitEnd(tokens, start) === tokens.length)
      return { bare: tokens.slice(0, start), unit: unitText(tokens.slice(start)), percent: false };
  }
  return { bare: tokens, unit: "", percent: false };
}

/** The other reading of letters after a number: `5 m/s` in metres and seconds. undefined if there are none. */
export function splitLetterUnit(tokens: readonly Token[]): SplitUnit | undefined {
  const start = tokens.findIndex(
    (token, i) => i > 0 && isLetterUnit(token) && (token.spaced || tokens[i - 1]?.kind === "num"),
  );
  if (start < 0 || unitEnd(tokens, start, true) !== tokens.length) return undefined;
  const bare = tokens.slice(0, start);
  if (bare.some((token) => token.kind === "sym" || token.kind === "text")) return undefined;
  return { bare, unit: unitText(tokens.slice(start)), percent: false, glued: tokens[start]?.spaced === false };
}

function isLetterUnit(token: Token): boolean {
  return token.kind === "sym" && LETTER_UNITS.includes(token.text);
}

function unitText(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join(" ");
}

/** Where the product of units that starts at `at` ends, or -1: words, degrees, fractions of units, with `*`, `/` and powers. */
function unitEnd(tokens: readonly Token[], at: number, letters = false): number {
  let end = factorEnd(tokens, at, letters);
  while (end > 0 && end < tokens.length) {
    const sign = tokens[end];
    const signed = sign?.kind === "op" && (sign.text === "/" || sign.text === "*");
    const next = factorEnd(tokens, signed ? end + 1 : end, signed || letters);
    if (next < 0) break;
    end = next;
  }
  return end;
}

function factorEnd(tokens: readonly Token[], at: number, letters: boolean): number {
  const token = tokens[at];
  if (token === undefined) return -1;
  if (token.text === "^") return degreesEnd(tokens, at);
  if (token.kind === "text" || (letters && isLetterUnit(token))) return powerEnd(tokens, at + 1);
  if (token.kind === "cmd" && PREFIXES.has(token.text)) return factorEnd(tokens, at + 1, true);
  if (token.kind === "cmd" && token.text === "frac") {
    const under = groupEnd(tokens, at + 1, letters);
    return under < 0 ? -1 : groupEnd(tokens, under, letters);
  }
  return token.text === "{" || token.text === "(" ? groupEnd(tokens, at, letters) : -1;
}

function groupEnd(tokens: readonly Token[], at: number, letters: boolean): number {
  const open = tokens[at]?.text;
  if (open !== "{" && open !== "(") return -1;
  const end = unitEnd(tokens, at + 1, letters);
  return tokens[end]?.kind === "close" ? powerEnd(tokens, end + 1) : -1;
}

/** Past `^2`, `^{-1}`, if they stand there. */
function powerEnd(tokens: readonly Token[], at: number): number {
  if (tokens[at]?.text !== "^") return at;
  const braced = tokens[at + 1]?.text === "{";
  let end = braced ? at + 2 : at + 1;
  if (tokens[end]?.text === "-") end++;
  if (tokens[end]?.kind !== "num") return at;
  end++;
  return braced ? (tokens[end]?.text === "}" ? end + 1 : at) : end;
}

/** Past `^\circ`, `^{\circ}`, and the C or F of a temperature. */
function degreesEnd(tokens: readonly Token[], at: number): number {
  const braced = tokens[at + 1]?.text === "{";
  const sign = braced ? at + 2 : at + 1;
  if (tokens[sign]?.text !== "circ" || (braced && tokens[sign + 1]?.text !== "}")) return -1;
  const end = sign + (braced ? 2 : 1);
  const scale = tokens[end];
  return scale?.kind === "sym" && (scale.text === "C" || scale.text === "F") ? end + 1 : end;
}

import type { Token } from "./token.ts";

/** Cuts tokens where `cut` says so outside of all brackets. Empty parts are left out unless `keepEmpty`. */
export function splitAt(tokens: readonly Token[], cut: (token: Token) => boolean, keepEmpty = false): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "open" || token.kind === "begin") depth++;
    else if (token.kind === "close" || token.kind === "end") depth--;
    if (depth === 0 && cut(token)) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return keepEmpty ? parts : parts.filter((part) => part.length > 0);
}

/** Where the bracket or environment opened at `start` ends, or -1. */
export function closing(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const kind = tokens[i]?.kind;
    if (kind === "open" || kind === "begin") depth++;
    else if ((kind === "close" || kind === "end") && --depth === 0) return i;
  }
  return -1;
}

import type { RandomSource } from "../../src/base/random.ts";

/** No input grows beyond this: it is the readers that are looked at, not their limits of size. */
const MAX_BYTES = 300_000;
const INTERESTING = [
  0, 1, 2, 3, 4, 7, 8, 9, 10, 13, 32, 34, 36, 39, 40, 44, 45, 46, 58, 91, 92, 93, 94, 95, 123, 125, 127, 128, 192, 255,
];
const TOKENS = [
  "-",
  "--",
  "0",
  "-1",
  "1e999",
  "9999999999999999999",
  "0.1",
  "NaN",
  "null",
  "true",
  "{}",
  "[]",
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  "\\",
  "\\\\",
  '"',
  "'",
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  " ",
  ": ",
  "- ",
  "&a",
  "*a",
  "!!str ",
  "<<: ",
  "|\n",
  "? ",
  "#",
  "\\boxed{",
  "\\frac{",
  "}{",
  "\\sqrt",
  "^{",
  "_{",
  "\\left(",
  "\\text{",
  "$",
  "$$",
  "\\[",
  "\\(",
  "\\begin{pmatrix}",
  "\\cup ",
  "\\infty",
  "\\pm ",
  "!",
  "%",
  "**",
  "answer is ",
  "</think>",
  "####",
  "\u0000",
  "\ufeff",
  "\ud83d\ude00",
  "٣",
  "¼",
  "x",
  "e^",
  "10^{1000}",
  "\\sum_{k=1}^{9999}",
  "Question:",
  ",",
  ";",
  "=",
  "<",
  "\\le",
  "__proto__",
  "constructor",
];
const encoder = new TextEncoder();

/** A changed copy of one of the seeds: one to eight changes of bytes, tokens and pieces, by the numbers of `random`. */
export function mutateInput(seeds: readonly Uint8Array[], random: RandomSource): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  let bytes = seeds[below(seeds.length)] ?? new Uint8Array();
  for (let left = 1 + below(8); left > 0; left--) bytes = change(bytes, seeds, below);
  return bytes.slice(0, MAX_BYTES);
}

function change(bytes: Uint8Array, seeds: readonly Uint8Array[], below: (n: number) => number): Uint8Array {
  const at = below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + below(below(4) === 0 ? bytes.length + 1 : 16));
  const piece = bytes.subarray(at, at + length);
  const token = encoder.encode(TOKENS[below(TOKENS.length)] ?? "");
  switch (below(9)) {
    case 0:
      return spliced(bytes, at, 0, repeat(token, 1 + below(below(8) === 0 ? 3000 : 3)));
    case 1:
      return spliced(bytes, at, length, token);
    case 2:
      return spliced(bytes, at, length, new Uint8Array());
    case 3:
      return spliced(bytes, at, 0, repeat(piece, 1 + below(below(8) === 0 ? 2000 : 4)));
    case 4:
      return bytes.slice(0, at);
    case 5: {
      const other = seeds[below(seeds.length)] ?? bytes;
      const start = below(other.length + 1);
      return spliced(bytes, at, length, other.subarray(start, start + below(64)));
    }
    case 6:
      return spliced(bytes, at, Math.min(1, length), Uint8Array.of(INTERESTING[below(INTERESTING.length)] ?? 0));
    case 7:
      return spliced(bytes, at, Math.min(1, length), Uint8Array.of((bytes[at] ?? 0) ^ (1 << below(8))));
    default:
      return spliced(
        bytes,
        at,
        Math.min(8, length),
        Uint8Array.from({ length: 8 }, () => below(256)),
      );
  }
}

/** With `length` bytes at a place replaced. */
function spliced(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  const changed = new Uint8Array(Math.min(MAX_BYTES, bytes.length - length + by.length));
  const parts = [bytes.subarray(0, at), by, bytes.subarray(at + length)];
  let end = 0;
  for (const part of parts) {
    const fitting = part.subarray(0, changed.length - end);
    changed.set(fitting, end);
    end += fitting.length;
  }
  return changed;
}

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  const count = bytes.length === 0 ? 0 : Math.min(times, Math.ceil(MAX_BYTES / bytes.length));
  const repeated = new Uint8Array(bytes.length * count);
  for (let i = 0; i < count; i++) repeated.set(bytes, i * bytes.length);
  return repeated;
}

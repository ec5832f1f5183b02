import { createHash } from "node:crypto";

/** Numbers in [0, 1), the same sequence for the same seed on every machine. */
export type RandomSource = () => number;

/**
 * A small fast generator (mulberry32, 32 bits of state) for bootstrap resampling and probing points. Not for cryptography,
 * and not for merge methods that must repeat another library's draws.
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A seed made from the names of the thing that needs one, so that adding points, samples or attempts changes no seed that
 * exists. Uniform over the 32-bit unsigned integers.
 */
export function deriveSeed(...parts: readonly (string | number)[]): number {
  return createHash("sha256").update(JSON.stringify(parts)).digest().readUInt32LE(0);
}

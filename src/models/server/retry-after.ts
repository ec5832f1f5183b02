/** A server that wants to be left alone for longer is asked again all the same: it may have counted in other units, or by another clock. */
const MAX_MILLISECONDS = 600_000;

/**
 * What a Retry-After header asks for (RFC 9110, 10.2.3): seconds, or a date.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds, or undefined if it says nothing of the kind
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_MILLISECONDS);
  // Date.parse takes "-1" for a year.
  const date = /^[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), MAX_MILLISECONDS);
}

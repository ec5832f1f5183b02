import type { Clock } from "../../values/answer.ts";
import { gcd } from "../../values/rational.ts";
import type { Token } from "../token.ts";

/** The time of day that `3:30`, `3:30 PM` or `5 PM` may be; the first may be a ratio as well. */
export function readClock(bare: readonly Token[], unit: string): Clock | undefined {
  const half = /^[ap]m$/i.test(unit) ? unit.toLowerCase() : undefined;
  const [hours, colon, minutes, ...more] = bare;
  if (hours?.kind !== "num" || !/^\d{1,2}$/.test(hours.text) || more.length > 0) return undefined;
  if (unit !== "" && half === undefined) return undefined;
  const hour = Number(hours.text);
  if (colon === undefined)
    return half === undefined || hour < 1 || hour > 12 ? undefined : { hour, minute: 0, half, certain: false };
  if (colon.text !== ":" || minutes?.kind !== "num" || !/^[0-5]\d$/.test(minutes.text) || hour > 24) return undefined;
  const minute = Number(minutes.text);
  // A ratio is written in lowest terms, and its terms begin with no 0.
  const certain = half !== undefined || minutes.text.startsWith("0") || gcd(BigInt(hour), BigInt(minute)) !== 1n;
  return { hour, minute, half, certain };
}

/** `noon` and `midnight`. */
export function clockOfWord(text: string): Clock | undefined {
  const word = /^(?:12 )?(noon|midday|midnight)$/i.exec(text)?.[1]?.toLowerCase();
  return word === undefined
    ? undefined
    : { hour: 12, minute: 0, half: word === "midnight" ? "am" : "pm", certain: true };
}

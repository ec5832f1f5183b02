import type { Judged } from "./claims.ts";
import type { MeasureId } from "./evidence.ts";
import { decimal, percent, pText } from "./numbers.ts";

/** How a measure is called and written. */
export interface NamedMeasure {
  readonly name: string;
  readonly write: (value: number) => string;
}

/** The measures in words, as they begin a sentence. */
export const MEASURES: Readonly<Record<MeasureId, NamedMeasure>> = {
  accuracy: { name: "Accuracy", write: (value) => `${percent(value)}%` },
  accuracy_strict: { name: "Strict accuracy", write: (value) => `${percent(value)}%` },
  format: { name: "Format", write: (value) => `${percent(value)}%` },
  tokens: { name: "Mean length", write: (value) => `${decimal(value)} tokens` },
};

/** `-4.0 [-7.9, -0.1] points`, `ratio 0.48 [0.47, 0.50]`, `-8.7 [-9.9, -7.5] tokens`. */
export function writeEffect({
  estimate,
  low,
  high,
  scale,
}: Pick<Judged, "estimate" | "low" | "high" | "scale">): string {
  if (estimate === null) return "";
  const write = effectWriter(scale);
  const range = low === null || high === null ? "" : ` [${write(low)}, ${write(high)}]`;
  if (scale === "ratio") return `ratio ${write(estimate)}${range}`;
  return `${write(estimate)}${range} ${scale === "tokens" ? "tokens" : "points"}`;
}

function effectWriter(scale: Judged["scale"]): (value: number) => string {
  if (scale === "ratio") return (value) => decimal(value, 2);
  const factor = scale === "points" ? 100 : 1;
  return (value) => {
    const text = decimal(factor * value);
    return Number(text) > 0 ? `+${text}` : text;
  };
}

/** `adjusted p = 0.012`. */
export function writeP({ p_adjusted: adjusted }: Pick<Judged, "p_adjusted">): string {
  return adjusted === null ? "not tested" : `adjusted ${pText(adjusted)}`;
}

/** Names in a row: `w=0, w=0.1 and w=0.2`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

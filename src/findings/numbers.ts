/** A rate, difference or ratio for a CSV: six decimals, empty where there is none. Never a locale's comma. */
export function csvRate(value: number | null | undefined): string {
  return fixed(value, 6);
}

/** A count of tokens or characters for a CSV: three decimals. */
export function csvCount(value: number | null | undefined): string {
  return fixed(value, 3);
}

/** A p-value for a CSV: four significant digits, so that small ones do not become 0. */
export function csvProbability(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : String(Number(value.toPrecision(4)));
}

/** A rate for a person, in percent: `92.4`. */
export function percent(value: number | null, digits = 1): string {
  return value === null ? "-" : unsigned(100 * value, digits);
}

/** A number for a person: `76.4`. */
export function decimal(value: number | null, digits = 1): string {
  return value === null ? "-" : unsigned(value, digits);
}

/** A p-value for a person: `p = 0.031`, `p < 0.001`. */
export function pText(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? "" : unsigned(value, digits);
}

/** toFixed without the minus sign of a zero. */
function unsigned(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

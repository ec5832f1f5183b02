const DECIMAL = /(?<![\d.,])(\d+|\d{1,3}(?:[. ]\d{3})+),(\d+)(?!\d*[.,]?\d)/g;

/**
 * An answer with a decimal comma written with a point: `0,111` as 0.111, `1.234,5` as 1234.5. undefined where no comma stands, or
 * where it groups digits (`1,234`), separates numbers (`0, 1`) or stands in brackets.
 */
export function withDecimalPoint(text: string): string | undefined {
  if (!text.includes(",") || text.length > 200) return undefined;
  const [found, ...more] = text.matchAll(DECIMAL);
  if (found === undefined || more.length > 0 || text.split(",").length > 2 || text.includes(";")) return undefined;
  const [all, whole = "", fraction = ""] = found;
  if (/[([{][^)\]}]*$/.test(text.slice(0, found.index))) return undefined;
  const groups = /^[1-9]\d{0,2}$/.test(whole) && fraction.length === 3;
  if (groups) return undefined;
  const plain = `${whole.replace(/[. ]/g, "")}.${fraction}`;
  return text.slice(0, found.index) + plain + text.slice(found.index + all.length);
}

import { ConfigError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";

/** An exact number, numerator over positive denominator: 1 - 0.7 is 0.3 here, not 0.30000000000000004. */
export interface Exact {
  readonly n: bigint;
  readonly d: bigint;
}

/** Exponents beyond this are a typo, and would make numbers of that many digits. */
const MAX_EXPONENT = 60;

/** @throws ConfigError if the text is no decimal number */
export function parseDecimal(text: string): Exact {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  const digits = `${match?.[2] ?? ""}${match?.[3] ?? ""}`;
  const exponent = Number(match?.[4] ?? 0) - (match?.[3] ?? "").length;
  if (match === null || digits === "" || Math.abs(exponent) > MAX_EXPONENT) {
    throw new ConfigError(`expected a decimal number, found "${text}"`);
  }
  const n = BigInt(digits) * (match[1] === "-" ? -1n : 1n);
  return exponent >= 0 ? exact(n * 10n ** BigInt(exponent), 1n) : exact(n, 10n ** BigInt(-exponent));
}

/** The decimal as a person writes it: exact where it ends, else the nearest double's shortest form. */
export function formatDecimal({ n, d }: Exact): string {
  let places = 0;
  let scale = 1n;
  while ((n * scale) % d !== 0n) {
    if (++places > MAX_EXPONENT) return String(Number(n) / Number(d));
    scale *= 10n;
  }
  const digits = String((n * scale) / d)
    .replace("-", "")
    .padStart(places + 1, "0");
  const sign = n < 0n ? "-" : "";
  return places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

export function addExact(a: Exact, b: Exact): Exact {
  return exact(a.n * b.d + b.n * a.d, a.d * b.d);
}

function multiplyExact(a: Exact, b: Exact): Exact {
  return exact(a.n * b.n, a.d * b.d);
}

/** Negative, zero or positive, as a is less than, equal to or greater than b. */
export function compareExact(a: Exact, b: Exact): number {
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * The value of an expression over the axes: numbers, axis names, `+ - * /` and parentheses.
 *
 * @throws ConfigError for anything else, with the position in the expression
 */
export function evaluateExpression(text: string, axes: Readonly<Record<string, Exact>>): Exact {
  const tokens = [...text.matchAll(/\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\S))/g)].map((match) => ({
    text: match[0].trim(),
    kind: match[1] !== undefined ? "number" : match[2] !== undefined ? "name" : "sign",
  }));
  let next = 0;
  const fail = (expected: string): never => {
    const found = tokens[next];
    throw new ConfigError(
      `expected ${expected} in \${${text}}, found ${found === undefined ? "its end" : `"${found.text}"`}`,
    );
  };
  const accept = (...signs: string[]): string | undefined => {
    const token = tokens[next];
    if (token?.kind !== "sign" || !signs.includes(token.text)) return undefined;
    next++;
    return token.text;
  };
  const sum = (): Exact => {
    let value = product();
    for (let sign = accept("+", "-"); sign !== undefined; sign = accept("+", "-")) {
      const right = product();
      value = addExact(value, sign === "+" ? right : exact(-right.n, right.d));
    }
    return value;
  };
  const product = (): Exact => {
    let value = factor();
    for (let sign = accept("*", "/"); sign !== undefined; sign = accept("*", "/")) {
      const right = factor();
      if (sign === "/" && right.n === 0n) throw new ConfigError(`division by zero in \${${text}}`);
      value = multiplyExact(value, sign === "*" ? right : exact(right.d, right.n));
    }
    return value;
  };
  const factor = (): Exact => {
    if (accept("-") !== undefined) {
      const value = factor();
      return exact(-value.n, value.d);
    }
    if (accept("(") !== undefined) {
      const value = sum();
      if (accept(")") === undefined) fail('")"');
      return value;
    }
    const token = tokens[next];
    if (token?.kind === "number") {
      next++;
      return parseDecimal(token.text);
    }
    if (token?.kind === "name") {
      const value = axes[token.text];
      if (value === undefined) {
        throw new ConfigError(
          `unknown axis "${token.text}" in \${${text}}. ${suggestion(token.text, Object.keys(axes))}`,
        );
      }
      next++;
      return value;
    }
    return fail("a number, an axis or a parenthesis");
  };
  const value = sum();
  if (next < tokens.length) fail("an operator or the end");
  return value;
}

function exact(n: bigint, d: bigint): Exact {
  const divisor = greatestCommonDivisor(n < 0n ? -n : n, d < 0n ? -d : d);
  const sign = d < 0n ? -1n : 1n;
  return { n: (sign * n) / divisor, d: (sign * d) / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b];
  while (small !== 0n) [large, small] = [small, large % small];
  return large === 0n ? 1n : large;
}

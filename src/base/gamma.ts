import { power } from "./power.ts";

/** Lanczos coefficients (g = 7, 9 terms): relative error below 1e-14 for positive arguments. */
const LANCZOS = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
  1.505_632_735_149_311_6e-7,
];

/** Lanczos' series for x from a half on, and the number whose powers it is multiplied with. */
function lanczos(x: number): { readonly series: number; readonly base: number } {
  const series = LANCZOS.reduce(
    (total, coefficient, i) => total + (i === 0 ? coefficient : coefficient / (x - 1 + i)),
    0,
  );
  return { series, base: x + 6.5 };
}

/** The logarithm of the gamma function at a positive x. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const { series, base } = lanczos(x);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}

/** The gamma function of a real x; exact for whole numbers below 25. */
export function gamma(x: number): number {
  if (Number.isInteger(x) && x > 0 && x < 25) {
    let product = 1;
    for (let i = 2; i < x; i++) product *= i;
    return product;
  }
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const { series, base } = lanczos(x);
  return Math.sqrt(2 * Math.PI) * power(base, x - 0.5) * Math.exp(-base) * series;
}

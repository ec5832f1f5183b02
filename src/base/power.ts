/**
 * `base` to the `exponent`, for a base above 0 (any base where the exponent is whole), to a few units in the last place, with the same bits on every version
 * of Node: `**` and `Math.pow` were rounded otherwise by Node 20 than by Node 24, which the other functions of `Math`
 * were not. (`x ** 2` and `2 ** n` are exact or the same on all, and are written so.)
 */
export function power(base: number, exponent: number): number {
  if (exponent < 0) return 1 / power(base, -exponent);
  const whole = Math.floor(exponent);
  const rest = exponent - whole;
  let result = rest === 0 ? 1 : rest === 0.5 ? Math.sqrt(base) : Math.exp(rest * Math.log(base));
  for (let [factor, left] = [base, whole]; left > 0; factor *= factor, left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
  }
  return result;
}

/** Ten to a whole exponent, rounded correctly. */
export function powerOfTen(exponent: number): number {
  return Number(`1e${exponent}`);
}

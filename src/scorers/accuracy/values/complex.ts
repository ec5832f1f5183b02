/** A complex number in double precision. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** re + 0i */
export function real(re: number): Complex {
  return { re, im: 0 };
}

/** a + b */
export function add(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

/** a * b */
export function multiply(a: Complex, b: Complex): Complex {
  if (a.im === 0 && b.im === 0) return { re: a.re * b.re, im: 0 };
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

/** a / b; NaN for b = 0. */
export function divide(a: Complex, b: Complex): Complex {
  if (b.im === 0) return b.re === 0 ? { re: Number.NaN, im: Number.NaN } : { re: a.re / b.re, im: a.im / b.re };
  const size = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
}

/** e^a */
export function exponential(a: Complex): Complex {
  const size = Math.exp(a.re);
  return a.im === 0 ? real(size) : { re: size * Math.cos(a.im), im: size * Math.sin(a.im) };
}

/** The principal logarithm; NaN for 0. */
export function logarithm(a: Complex): Complex {
  if (a.re === 0 && a.im === 0) return { re: Number.NaN, im: Number.NaN };
  if (a.im === 0 && a.re > 0) return real(Math.log(a.re));
  return { re: Math.log(Math.hypot(a.re, a.im)), im: Math.atan2(a.im, a.re) };
}

/** a^b; whole powers by squaring, the rest by the principal logarithm. */
export function power(a: Complex, b: Complex): Complex {
  if (b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 64) return wholePower(a, b.re);
  if (a.im === 0 && b.im === 0 && a.re > 0) return real(a.re ** b.re);
  if (a.re === 0 && a.im === 0) return real(b.re > 0 ? 0 : Number.NaN);
  return exponential(multiply(b, logarithm(a)));
}

function wholePower(a: Complex, n: number): Complex {
  if (a.im === 0) return real(a.re ** n);
  let result: Complex = real(1);
  for (let i = 0; i < Math.abs(n); i++) result = multiply(result, a);
  return n < 0 ? divide(real(1), result) : result;
}

/** sin a */
export function sine(a: Complex): Complex {
  if (a.im === 0) return real(Math.sin(a.re));
  return { re: Math.sin(a.re) * Math.cosh(a.im), im: Math.cos(a.re) * Math.sinh(a.im) };
}

/** cos a */
export function cosine(a: Complex): Complex {
  if (a.im === 0) return real(Math.cos(a.re));
  return { re: Math.cos(a.re) * Math.cosh(a.im), im: -Math.sin(a.re) * Math.sinh(a.im) };
}

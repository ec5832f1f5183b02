/** A square matrix by rows. */
export type Matrix = readonly Float64Array[];

/** A pivot of less is rounding: what it stands for is a mixture of what came before. */
const TINY_PIVOT = 1e-12;

/**
 * The lower factor L of a symmetric matrix that is L times its transpose. A matrix that only just is none (points that answer
 * alike) gets zeros where a pivot is rounding.
 */
export function cholesky(matrix: Matrix): Float64Array[] {
  const size = matrix.length;
  const factor = matrix.map(() => new Float64Array(size));
  for (let j = 0; j < size; j++) {
    const own = factor[j] ?? new Float64Array(size);
    let pivot = matrix[j]?.[j] ?? 0;
    for (let k = 0; k < j; k++) pivot -= (own[k] ?? 0) ** 2;
    if (pivot <= TINY_PIVOT * Math.max(1, matrix[j]?.[j] ?? 0)) continue;
    const root = Math.sqrt(pivot);
    own[j] = root;
    for (let i = j + 1; i < size; i++) {
      const row = factor[i] ?? own;
      let value = matrix[i]?.[j] ?? 0;
      for (let k = 0; k < j; k++) value -= (row[k] ?? 0) * (own[k] ?? 0);
      row[j] = value / root;
    }
  }
  return factor;
}

/** Solves L L' x = b by a factor of `cholesky`; directions without a pivot get 0. */
export function solveFactored(factor: Matrix, right: ArrayLike<number>): Float64Array {
  const size = factor.length;
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let value = right[i] ?? 0;
    for (let k = 0; k < i; k++) value -= (factor[i]?.[k] ?? 0) * (x[k] ?? 0);
    const pivot = factor[i]?.[i] ?? 0;
    x[i] = pivot === 0 ? 0 : value / pivot;
  }
  for (let i = size - 1; i >= 0; i--) {
    let value = x[i] ?? 0;
    for (let k = i + 1; k < size; k++) value -= (factor[k]?.[i] ?? 0) * (x[k] ?? 0);
    const pivot = factor[i]?.[i] ?? 0;
    x[i] = pivot === 0 ? 0 : value / pivot;
  }
  return x;
}

/** The logarithm of the determinant of the factored matrix, of its directions with a pivot. */
export function logDeterminant(factor: Matrix): number {
  return factor.reduce((total, row, i) => total + ((row[i] ?? 0) > 0 ? 2 * Math.log(row[i] ?? 1) : 0), 0);
}

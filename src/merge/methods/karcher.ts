import { roundAll } from "../../tensors/convert.ts";
import { parameterOf, type TensorMerge, type WholeTensorMethod } from "./method.ts";

/**
 * The Karcher mean: of the directions of all models the one in the middle, measured along the sphere, at their mean length.
 * Source: mergekit/merge_methods/karcher.py. Sums are taken in doubles, unit vectors are kept in the work dtype.
 */
export const karcher: WholeTensorMethod = {
  kind: "whole",
  name: "karcher",
  title: "Karcher Mean",
  paper: "https://en.wikipedia.org/wiki/Karcher_mean",
  baseModel: "unused",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "max_iter", scope: "merge", fallback: 10 },
    { name: "tol", scope: "merge", fallback: 1e-5 },
  ],
  merge: (tensor, values) => {
    const [only] = values;
    return values.length === 1 && only !== undefined ? only : meanDirection(tensor, values);
  },
};

function meanDirection(tensor: TensorMerge, values: readonly Float32Array<ArrayBuffer>[]): Float32Array {
  const tolerance = parameterOf(tensor, "tol");
  const norms = values.map(normOf);
  const units = values.flatMap((vector, index) => {
    const norm = norms[index] ?? 0;
    return norm > tolerance ? [scaled(tensor, vector, 1 / norm)] : [];
  });
  const [first] = units;
  if (first === undefined) return new Float32Array(values[0]?.length ?? 0);
  let mean = new Float32Array(first.length);
  for (const unit of units) addTo(mean, unit, 1 / units.length);
  const norm = normOf(mean);
  mean = norm < tolerance ? first.slice() : scaled(tensor, mean, 1 / norm);
  for (let round = 0; round < parameterOf(tensor, "max_iter"); round++) {
    const next = stepAlongSphere(tensor, mean, units, tolerance);
    if (next === undefined) break;
    mean = next;
  }
  return scaled(tensor, mean, norms.reduce((sum, length) => sum + length, 0) / norms.length);
}

/** One step towards the middle of the unit vectors; undefined if that is where the mean is. */
function stepAlongSphere(
  tensor: TensorMerge,
  mean: Float32Array,
  units: readonly Float32Array[],
  tolerance: number,
): Float32Array<ArrayBuffer> | undefined {
  const tangent = new Float32Array(mean.length);
  for (const unit of units) {
    const cosine = Math.min(1, Math.max(-1, dotOf(mean, unit)));
    const angle = Math.acos(cosine);
    if (angle < tolerance) continue;
    const factor = angle / Math.sin(angle) / units.length;
    addTo(tangent, unit, factor);
    addTo(tangent, mean, -factor * cosine);
  }
  const length = normOf(tangent);
  if (length < tolerance) return undefined;
  const next = new Float32Array(mean.length);
  addTo(next, mean, Math.cos(length));
  addTo(next, tangent, Math.sin(length) / length);
  return scaled(tensor, next, 1 / normOf(next));
}

function dotOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function normOf(vector: Float32Array): number {
  return Math.sqrt(dotOf(vector, vector));
}

function addTo(sum: Float32Array, vector: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (vector[i] ?? 0);
}

function scaled({ work }: TensorMerge, vector: Float32Array, factor: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(vector.length);
  addTo(result, vector, factor);
  roundAll(work, result);
  return result;
}

import type { FloatDtype } from "../../tensors/dtype.ts";
import { readValues } from "../../tensors/read-values.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import type { PlannedTensor } from "../plan/planned-tensor.ts";
import type { PublishedTensor } from "./compare-tensors.ts";

/** The weights with which a sum of the models comes nearest to the published tensors, by least squares. */
export interface WeightEstimate {
  /** In the order of the tensors' inputs. */
  readonly weights: readonly number[];
  /** Root mean square of what is left, over that of the error of rounding to the published dtype: about 1 is a fit. */
  readonly residual: number;
  /** The standard error of the least certain weight. */
  readonly error: number;
}

/**
 * What may be left over, in units of rounding, of a sum of the models: one rounding leaves 1, mergekit's roundings of weights,
 * products and sum 1.4 (measured on bfloat16 merges of two models). Half-way to the step before, an expert leaves 3.
 */
export const ROUNDING_RESIDUAL = 2;

/** Elements of a tensor that are looked at: enough for three digits of a weight, and soon read of the largest model. */
const SAMPLE_ELEMENTS = 1 << 15;

/** A tensor of the plan and what was published under its name. */
export interface TensorPair {
  readonly tensor: PlannedTensor;
  readonly published: PublishedTensor;
}

/** Estimates of the weights of each tensor by itself, and of all together, from their first elements. */
export async function estimateWeights(
  pairs: readonly TensorPair[],
): Promise<{ readonly all: WeightEstimate | undefined; readonly each: readonly WeightEstimate[] }> {
  const [first] = pairs;
  if (first === undefined) return { all: undefined, each: [] };
  const size = first.tensor.inputs.length;
  const sums: WeightSums[] = [];
  for (const { tensor, published } of pairs) {
    const found = tensor.inputs.length === size ? await sumsOf(tensor, published) : undefined;
    if (found !== undefined) sums.push(found);
  }
  const each = sums.map((one) => solve([one], size)).filter((estimate) => estimate !== undefined);
  return { all: solve(sums, size), each };
}

/** What least squares needs of a tensor: the products of its inputs with one another and with the published values. */
interface WeightSums {
  readonly products: Float64Array;
  readonly targets: Float64Array;
  readonly square: number;
  readonly noise: number;
  readonly elements: number;
}

/**
 * Sums over the first elements of a tensor, those left out in which all models agree: they say nothing of the weights.
 * Everything is taken as its distance to the last model, as experts are near one another: the unknowns are the weights of
 * the others, and by how much the sum of all differs from 1.
 */
async function sumsOf(tensor: PlannedTensor, published: PublishedTensor): Promise<WeightSums | undefined> {
  const count = Math.min(SAMPLE_ELEMENTS, elementCount(tensor.shape));
  const inputs = await Promise.all(tensor.inputs.map((input) => readValues(input.reader, input.tensor, 0, count)));
  const target = await readValues(published.reader, published.tensor, 0, count);
  const size = inputs.length;
  const last = inputs[size - 1];
  if (last === undefined || size < 2) return undefined;
  const products = new Float64Array(size * size);
  const targets = new Float64Array(size);
  const row = new Float64Array(size);
  let [square, noise, elements] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const base = last[i] ?? 0;
    let differ = false;
    for (let j = 0; j < size - 1; j++) {
      row[j] = (inputs[j]?.[i] ?? 0) - base;
      differ ||= row[j] !== 0;
    }
    const value = target[i] ?? 0;
    const wanted = value - base;
    row[size - 1] = base;
    if (!differ || !Number.isFinite(wanted) || !row.every(Number.isFinite)) continue;
    for (let j = 0; j < size; j++) {
      targets[j] = (targets[j] ?? 0) + (row[j] ?? 0) * wanted;
      for (let k = 0; k < size; k++) {
        products[j * size + k] = (products[j * size + k] ?? 0) + (row[j] ?? 0) * (row[k] ?? 0);
      }
    }
    square += wanted * wanted;
    noise += roundingError(value, published.dtype) ** 2;
    elements++;
  }
  return elements === 0 ? undefined : { products, targets, square, noise, elements };
}

/** Solves the normal equations of several tensors together; undefined if they do not determine the weights. */
function solve(all: readonly WeightSums[], size: number): WeightEstimate | undefined {
  const products = new Float64Array(size * size);
  const targets = new Float64Array(size);
  let [square, noise, elements] = [0, 0, 0];
  for (const sums of all) {
    for (let i = 0; i < products.length; i++) products[i] = (products[i] ?? 0) + (sums.products[i] ?? 0);
    for (let i = 0; i < size; i++) targets[i] = (targets[i] ?? 0) + (sums.targets[i] ?? 0);
    square += sums.square;
    noise += sums.noise;
    elements += sums.elements;
  }
  const solution = eliminate(products.slice(), targets.slice(), size);
  if (solution === undefined) return undefined;
  const explained = solution.reduce((sum, value, i) => sum + value * (targets[i] ?? 0), 0);
  const left = Math.max(0, square - explained);
  const shares = solution.slice(0, size - 1);
  const total = 1 + (solution[size - 1] ?? 0);
  const weights = [...shares, total - shares.reduce((sum, share) => sum + share, 0)];
  const least = Math.min(...shares.map((_, i) => products[i * size + i] ?? 0));
  return {
    weights,
    residual: noise === 0 ? 0 : Math.sqrt(left / noise),
    error: Math.sqrt(Math.max(left, noise) / elements / least),
  };
}

/** Gaussian elimination with the largest pivot. */
function eliminate(matrix: Float64Array, right: Float64Array, size: number): number[] | undefined {
  const at = (row: number, column: number): number => matrix[row * size + column] ?? 0;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row;
    }
    if (Math.abs(at(pivot, column)) < 1e-30) return undefined;
    for (let k = 0; k < size; k++) {
      [matrix[column * size + k], matrix[pivot * size + k]] = [at(pivot, k), at(column, k)];
    }
    [right[column], right[pivot]] = [right[pivot] ?? 0, right[column] ?? 0];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = at(row, column) / at(column, column);
      for (let k = column; k < size; k++) matrix[row * size + k] = at(row, k) - factor * at(column, k);
      right[row] = (right[row] ?? 0) - factor * (right[column] ?? 0);
    }
  }
  return Array.from(right, (value, i) => value / at(i, i));
}

const FRACTION_BITS: Readonly<Record<FloatDtype, number>> = { F32: 23, F16: 10, BF16: 7 };

const cell = new Float32Array(1);
const cellBits = new Uint32Array(cell.buffer);

/** The root mean square of the error with which a value is rounded to a dtype: a unit in the last place over sqrt(12). */
function roundingError(value: number, dtype: FloatDtype): number {
  cell[0] = value;
  const exponent = ((cellBits[0] ?? 0) >>> 23) & 0xff;
  return exponent === 0 ? 0 : 2 ** (exponent - 127 - FRACTION_BITS[dtype]) / Math.sqrt(12);
}

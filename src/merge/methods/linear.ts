import { asUint16, decodeTo, encodeTo, f16BitsOf, roundAll, roundTo, valueTable } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { CHUNK_ELEMENTS } from "../../tensors/tensor-stream.ts";
import { type ElementwiseMethod, type Kernel, parameterOf, type TensorMerge } from "./method.ts";
import { cascadePlaces, cascadeSum, contiguousSum, interleavedSum } from "./torch-sum.ts";

/**
 * The weighted average, with the roundings of PyTorch: weights and inputs are rounded to the work dtype, each product is
 * rounded to it, the products are added in F32 and the sum is rounded once; so is its quotient by the sum of the weights.
 * Source: mergekit/merge_methods/linear.py
 */
export const linear: ElementwiseMethod = {
  kind: "elementwise",
  name: "linear",
  title: "Linear",
  paper: "https://arxiv.org/abs/2203.05482",
  baseModel: "optional",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "weight", scope: "model", fallback: undefined },
    { name: "normalize", scope: "merge", fallback: 1 },
  ],
  check: checkWeights,
  prepare: prepareLinear,
};

/** Weights that cancel out to less than this part of their size leave nothing but rounding to divide by. */
const LEAST_WEIGHT_SUM = 1e-6;

function checkWeights(tensor: TensorMerge): string | undefined {
  const weights = tensor.inputs.map((input) => parameterOf(input, "weight"));
  const shown = weights.join(", ");
  const rounded = weights.map((weight) => roundTo(tensor.work, weight));
  if (!rounded.every(Number.isFinite)) return `expected weights that ${tensor.work} can hold, found ${shown}`;
  if (parameterOf(tensor, "normalize") === 0) return undefined;
  const size = rounded.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const divisor = divisorOf(tensor);
  if (Math.abs(divisor) > LEAST_WEIGHT_SUM * size && Number.isFinite(divisor)) return undefined;
  return `expected weights with a sum that can be divided by, found ${shown} with the sum ${divisor} (normalize is on)`;
}

function divisorOf(tensor: TensorMerge): number {
  if (parameterOf(tensor, "normalize") === 0) return 1;
  const rounded = tensor.inputs.map((input) => roundTo(tensor.work, parameterOf(input, "weight")));
  return roundTo(tensor.work, contiguousSum(rounded, tensor.work !== "F32"));
}

function prepareLinear(tensor: TensorMerge): Kernel {
  const { work, dtype, inputs } = tensor;
  const weights = inputs.map((input) => roundTo(work, parameterOf(input, "weight")));
  const divisor = divisorOf(tensor);
  const tables = inputs.map((input, index) =>
    input.dtype === "F32" ? undefined : productTable(input.dtype, work, weights[index] ?? 0),
  );
  const [first, second] = tables;
  if (inputs.length === 2 && first !== undefined && second !== undefined && work !== "F32" && dtype !== "F32") {
    return averageOfTwo(first, second, work, quotientTable(work, divisor, dtype));
  }
  return averageOfMany(tensor, weights, tables, divisor);
}

/** The common case, fast: two inputs of 2-byte elements, so that each product is a look-up. */
function averageOfTwo(
  first: Float32Array,
  second: Float32Array,
  work: "F16" | "BF16",
  quotients: Uint16Array | undefined,
): Kernel {
  const round = work === "BF16" ? sumsToBf16 : sumsToF16;
  return ([a, b], out) => {
    if (a === undefined || b === undefined) throw new Error("Expected two inputs");
    const result = asUint16(out);
    round(first, second, asUint16(a), asUint16(b), result);
    if (quotients === undefined) return;
    for (let i = 0; i < result.length; i++) result[i] = quotients[result[i] ?? 0] ?? 0;
  };
}

const sumCell = new Float32Array(CHUNK_ELEMENTS);
const sumBits = new Int32Array(sumCell.buffer);

function sumsToBf16(ta: Float32Array, tb: Float32Array, a: Uint16Array, b: Uint16Array, out: Uint16Array): void {
  addProducts(ta, tb, a, b, out.length);
  for (let i = 0; i < out.length; i++) {
    const bits = sumBits[i] ?? 0;
    // No case for NaN: the tables' NaN and those that adding makes have zeros below, so rounding keeps them.
    out[i] = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
}

function sumsToF16(ta: Float32Array, tb: Float32Array, a: Uint16Array, b: Uint16Array, out: Uint16Array): void {
  addProducts(ta, tb, a, b, out.length);
  for (let i = 0; i < out.length; i++) out[i] = f16BitsOf(sumBits[i] ?? 0);
}

/** A pass of its own, free of anything but look-ups and one addition: that is faster than rounding in the same loop. */
function addProducts(ta: Float32Array, tb: Float32Array, a: Uint16Array, b: Uint16Array, count: number): void {
  // From +0 on, so that no -0 is left.
  for (let i = 0; i < count; i++) sumCell[i] = 0 + (ta[a[i] ?? 0] ?? 0) + (tb[b[i] ?? 0] ?? 0);
}

function averageOfMany(
  tensor: TensorMerge,
  weights: readonly number[],
  tables: readonly (Float32Array | undefined)[],
  divisor: number,
): Kernel {
  const { work, dtype, inputs } = tensor;
  const elements = elementCount(tensor.shape);
  const room = Math.min(CHUNK_ELEMENTS, elements);
  const products = inputs.map(() => new Float32Array(room));
  const sums = new Float32Array(room);
  const vectorPlaces = inputs.length < 5 ? elements : cascadePlaces(elements, work !== "F32");
  return (pieces, out, start) => {
    const count = out.byteLength / (dtype === "F32" ? 4 : 2);
    inputs.forEach((input, index) => {
      const [piece, product, table] = [pieces[index], products[index], tables[index]];
      if (piece === undefined || product === undefined) throw new Error("Expected a piece of every input");
      multiply(product.subarray(0, count), piece, input.dtype, work, weights[index] ?? 0, table);
    });
    const result = sums.subarray(0, count);
    if (inputs.length < 16) {
      result.fill(0);
      for (const product of products) for (let i = 0; i < count; i++) result[i] = (result[i] ?? 0) + (product[i] ?? 0);
    } else {
      for (let i = 0; i < count; i++) result[i] = cascadeSum(products.length, (input) => products[input]?.[i] ?? 0);
    }
    for (let i = Math.max(0, vectorPlaces - start); i < count; i++) {
      result[i] = (elements === 1 ? sumOfOne : interleavedSum)(products.length, (input) => products[input]?.[i] ?? 0);
    }
    roundAll(work, result);
    if (divisor !== 1) {
      for (let i = 0; i < count; i++) result[i] = (result[i] ?? 0) / divisor;
      roundAll(work, result);
    }
    encodeTo(out, dtype, result);
  };

  function sumOfOne(count: number, at: (index: number) => number): number {
    return contiguousSum(
      Array.from({ length: count }, (_, index) => at(index)),
      work !== "F32",
    );
  }
}

function multiply(
  product: Float32Array,
  piece: Uint8Array<ArrayBuffer>,
  dtype: FloatDtype,
  work: FloatDtype,
  weight: number,
  table: Float32Array | undefined,
): void {
  if (table !== undefined) {
    const halves = asUint16(piece);
    for (let i = 0; i < product.length; i++) product[i] = table[halves[i] ?? 0] ?? 0;
    return;
  }
  decodeTo(product, dtype, piece);
  roundAll(work, product);
  for (let i = 0; i < product.length; i++) product[i] = weight * (product[i] ?? 0);
  roundAll(work, product);
}

/** Tables are small (256 KB) and shared by all tensors with the same weight. */
const MAX_TABLES = 32;
const productTables = new Map<string, Float32Array>();
const quotientTables = new Map<string, Uint16Array>();

/** Every product of a weight with what a 2-byte input can hold: rounded to the work dtype before and after. */
function productTable(dtype: "F16" | "BF16", work: FloatDtype, weight: number): Float32Array {
  return remember(productTables, `${dtype} ${work} ${Object.is(weight, -0) ? "-0" : weight}`, () => {
    const table = valueTable(dtype).slice();
    roundAll(work, table);
    for (let i = 0; i < table.length; i++) table[i] = weight * (table[i] ?? 0);
    roundAll(work, table);
    return table;
  });
}

/** The bits of every quotient in the result's dtype, by the dividend's bits; undefined where nothing would change. */
function quotientTable(work: "F16" | "BF16", divisor: number, dtype: "F16" | "BF16"): Uint16Array | undefined {
  if (divisor === 1 && work === dtype) return undefined;
  return remember(quotientTables, `${work} ${dtype} ${divisor}`, () => {
    const quotients = valueTable(work).map((dividend) => dividend / divisor);
    roundAll(work, quotients);
    const bits = new Uint16Array(quotients.length);
    encodeTo(new Uint8Array(bits.buffer), dtype, quotients);
    return bits;
  });
}

function remember<T>(tables: Map<string, T>, key: string, make: () => T): T {
  let table = tables.get(key);
  if (table === undefined) {
    const [oldest] = tables.keys();
    if (tables.size >= MAX_TABLES && oldest !== undefined) tables.delete(oldest);
    table = make();
    tables.set(key, table);
  }
  return table;
}

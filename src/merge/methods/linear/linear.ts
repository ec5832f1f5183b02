import { roundAll, roundTo } from "../../../tensors/convert.ts";
import { dtypeBytes } from "../../../tensors/dtype.ts";
import { elementCount } from "../../../tensors/tensor-info.ts";
import { kernelOf } from "../elementwise.ts";
import { type ElementwiseMethod, type Kernel, parameterOf, type TensorMerge } from "../method.ts";
import { cascadePlaces, contiguousSum, LEAST_BLOCKS, sumAcross } from "../torch/torch-sum.ts";
import { openLinearKernel } from "./linear-kernel.ts";

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
  baseModel: "unused",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "weight", scope: "model", fallback: undefined },
    { name: "normalize", scope: "merge", fallback: 1 },
  ],
  withoutDtype: "widest",
  warn: checkWeights,
  prepare: prepareLinear,
};

/** Weights that cancel out to less than this part of their size leave nothing but rounding to divide by. */
const LEAST_WEIGHT_SUM = 1e-6;

function checkWeights(tensor: TensorMerge): string | undefined {
  const shown = tensor.inputs.map((input) => parameterOf(input, "weight")).join(", ");
  const rounded = weightsOf(tensor);
  if (parameterOf(tensor, "normalize") === 0) return undefined;
  const size = rounded.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const divisor = divisorOf(tensor);
  if (Math.abs(divisor) > LEAST_WEIGHT_SUM * size && Number.isFinite(divisor)) return undefined;
  return `expected weights with a sum that can be divided by, found ${shown} with the sum ${divisor} (normalize is on)`;
}

function weightsOf({ inputs, work }: TensorMerge): number[] {
  return inputs.map((input) => roundTo(work, parameterOf(input, "weight")));
}

function divisorOf(tensor: TensorMerge): number {
  if (parameterOf(tensor, "normalize") === 0) return 1;
  return roundTo(tensor.work, contiguousSum(Float32Array.from(weightsOf(tensor)), tensor.work !== "F32"));
}

function prepareLinear(tensor: TensorMerge): Kernel {
  const { inputs, work, dtype } = tensor;
  if (inputs.length >= LEAST_BLOCKS) return linearReference(tensor);
  const divisor = divisorOf(tensor);
  const dtypes = inputs.map((input) => input.dtype);
  const kernel = openLinearKernel({ inputs: dtypes, work, dtype, divides: divisor !== 1 }, weightsOf(tensor), divisor);
  const elements = elementCount(tensor.shape);
  const end = cascadePlaces(inputs.length, elements, work !== "F32");
  return end === elements ? kernel : finishByReference(kernel, end, tensor);
}

/** The kernel's elements up to `end`; those behind it, which are all in one piece, by the reference. */
function finishByReference(kernel: Kernel, end: number, tensor: TensorMerge): Kernel {
  const reference = linearReference(tensor, elementCount(tensor.shape) - end);
  return {
    ...kernel,
    run(count, start) {
      kernel.run(count, start);
      const [from, rest] = [end - start, start + count - end];
      if (rest <= 0) return;
      for (const [index, { dtype }] of tensor.inputs.entries()) {
        reference.inputs[index]?.set(part(kernel.inputs[index], dtypeBytes(dtype)));
      }
      reference.run(rest, end);
      part(kernel.out, dtypeBytes(tensor.dtype)).set(reference.out);

      function part(bytes: Uint8Array = new Uint8Array(0), size: number): Uint8Array {
        return bytes.subarray(from * size, (from + rest) * size);
      }
    },
  };
}

/**
 * The same in TypeScript: for what WebAssembly does not cover, and to compare it with.
 *
 * @param room in elements: no piece is larger
 */
export function linearReference(tensor: TensorMerge, room?: number): Kernel {
  const { work } = tensor;
  const [weights, divisor] = [weightsOf(tensor), divisorOf(tensor)];
  const elements = elementCount(tensor.shape);
  const average = (values: readonly Float32Array[], start: number): Float32Array => {
    for (const [index, products] of values.entries()) scale(products, (value) => value * (weights[index] ?? 0));
    const mean = sumAcross(values, work !== "F32", { start, elements });
    roundAll(work, mean);
    if (divisor !== 1) scale(mean, (sum) => sum / divisor);
    return mean;
  };
  return kernelOf(tensor, average, room);

  function scale(values: Float32Array, change: (value: number) => number): void {
    for (let i = 0; i < values.length; i++) values[i] = change(values[i] ?? 0);
    roundAll(work, values);
  }
}

import { elementCount } from "../tensors/tensor-info.ts";
import type { TensorStream } from "../tensors/write/tensor-stream.ts";
import { mergeTensor, type ReadInput } from "./merge-tensor.ts";
import type { MergePlan } from "./plan/plan.ts";
import { remoteMerge } from "./remote-merge.ts";
import { whereNonFinite } from "./where-non-finite.ts";

/** The tensors of a merge, in mergekit's order; each is computed while it is read from the stream. */
export function mergeStreams({ method, tensors, seed }: MergePlan): TensorStream[] {
  let drawn = 0;
  return tensors.map((tensor) => {
    const { name, dtype, shape, inputs } = tensor;
    const draws = { seed, first: drawn };
    if (method.kind === "surveyed") drawn += method.draws?.(tensor, elementCount(shape)) ?? 0;
    const reads = inputs.map(
      (input): ReadInput =>
        (start, into) =>
          input.reader.read(input.tensor.name, start, into),
    );
    const remote = remoteMerge(method, tensor, draws);
    return {
      name,
      dtype,
      shape,
      remote,
      chunks: (pause) => mergeTensor(method, tensor, reads, draws, pause),
      explainNonFinite: () => whereNonFinite(tensor),
    };
  });
}

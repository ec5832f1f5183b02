import { type FloatDtype, isFloatDtype } from "../../tensors/dtype.ts";
import type { TensorReader } from "../../tensors/tensor-reader.ts";
import type { PlannedInput } from "../plan/planned-tensor.ts";
import type { Problems } from "../plan/problems.ts";
import type { CombinedVocabulary } from "./combine.ts";
import { embeddingRows, isIdentity } from "./embedding-rows.ts";
import { PermutedReader } from "./permuted-reader.ts";

/** Readers of one tensor's inputs; undefined for an input that stays as it is. */
type Readers = readonly (TensorReader | undefined)[];

/** The points of a sweep merge the same embeddings: their rows are looked up once. */
const cache = new WeakMap<CombinedVocabulary, Map<string, Readers>>();

/**
 * The inputs of an embedding (or head) with their rows in the order of the merge's vocabulary, and as many as that has.
 *
 * @param dtype of the merge; that of the first input if it has none
 */
export function permuteInputs(
  name: string,
  inputs: readonly PlannedInput[],
  vocabulary: CombinedVocabulary,
  dtype: FloatDtype | undefined,
  problems: Problems,
): PlannedInput[] {
  const [first, ...others] = inputs;
  const width = first?.tensor.shape[1];
  // Embeddings of several widths are no embeddings of one model: what is wrong is said where shapes are compared.
  if (first === undefined || width === undefined || others.some(({ tensor }) => tensor.shape[1] !== width)) {
    return [...inputs];
  }
  const common = dtype ?? first.dtype;
  const known = cache.get(vocabulary) ?? new Map<string, Readers>();
  cache.set(vocabulary, known);
  const key = JSON.stringify([name, common, inputs.map(({ model, isBase, tensor }) => [model, isBase, tensor.shape])]);
  const readers = known.get(key) ?? openReaders(name, inputs, vocabulary, common, problems);
  known.set(key, readers);
  return inputs.map((input, index) => {
    const reader = readers[index];
    const tensor = reader?.tensors.get(name);
    return reader === undefined || tensor === undefined || !isFloatDtype(tensor.dtype)
      ? input
      : { ...input, reader, tensor, dtype: tensor.dtype };
  });
}

function openReaders(
  name: string,
  inputs: readonly PlannedInput[],
  vocabulary: CombinedVocabulary,
  dtype: FloatDtype,
  problems: Problems,
): Readers {
  const rows = embeddingRows(
    vocabulary,
    inputs.map(({ model, isBase, tensor }) => ({ model, isBase, rows: tensor.shape[0] ?? 0 })),
    (message) => problems.add(message),
  );
  return inputs.map((input, index) => {
    const isSame = isIdentity(rows.own[index] ?? new Int32Array(0), input.tensor.shape[0] ?? 0);
    return isSame && input.dtype === dtype ? undefined : new PermutedReader(name, index, inputs, rows, dtype);
  });
}

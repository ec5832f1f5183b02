import type { FloatDtype } from "../../tensors/dtype.ts";
import type { TensorInfo } from "../../tensors/tensor-info.ts";
import type { ReadableTensor, TensorReader } from "../../tensors/tensor-reader.ts";
import type { TensorInput, TensorMerge } from "../methods/method.ts";

/** One tensor of the result. */
export interface PlannedTensor extends TensorInfo, TensorMerge {
  readonly dtype: FloatDtype;
  readonly inputs: readonly PlannedInput[];
}

export interface PlannedInput extends TensorInput {
  readonly model: string;
  readonly reader: TensorReader;
  /** Its shape may have more rows than the result's: only the first are read. */
  readonly tensor: ReadableTensor;
}

import { countOf } from "../base/count-of.ts";
import { dtypeBytes } from "../tensors/dtype.ts";
import { countNonFinite } from "../tensors/non-finite.ts";
import { CHUNK_ELEMENTS } from "../tensors/write/tensor-stream.ts";
import type { PlannedInput, PlannedTensor } from "./plan/planned-tensor.ts";

/** Where values of a merge that are not finite come from: a model that has some, or the merge itself. */
export async function whereNonFinite({ inputs, work, result, dtype }: PlannedTensor): Promise<string> {
  const found: string[] = [];
  for (const input of inputs) {
    const count = await countIn(input);
    if (count > 0) found.push(`${input.model} has ${countOf(count, "such value")}.`);
  }
  if (found.length > 0) return found.join(" ");
  const types = [...new Set([work, result, dtype])].join(", then ");
  return `The models' values are all finite: they overflow in the merge (${types}). A wider dtype may hold them.`;
}

async function countIn({ reader, tensor, dtype }: PlannedInput): Promise<number> {
  const buffer = new Uint8Array(CHUNK_ELEMENTS * dtypeBytes(dtype));
  let count = 0;
  for (let start = 0; start < tensor.byteLength; start += buffer.byteLength) {
    const piece = buffer.subarray(0, Math.min(buffer.byteLength, tensor.byteLength - start));
    await reader.read(tensor.name, start, piece);
    count += countNonFinite(dtype, piece);
  }
  return count;
}

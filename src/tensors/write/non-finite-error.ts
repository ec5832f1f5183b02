import { countOf } from "../../base/count-of.ts";
import { WorkError } from "../../base/errors.ts";
import { elementCount, type TensorInfo } from "../tensor-info.ts";
import type { StoredStream } from "./store-stream.ts";
import type { TensorStream } from "./tensor-stream.ts";

/** A stream has elements that are not finite. */
export class NonFinite extends WorkError {
  readonly stream: TensorStream;

  constructor(message: string, stream: TensorStream) {
    super(message);
    this.stream = stream;
  }
}

/** What is not finite in a tensor, if anything is. */
export function describeNonFinite(
  { name, shape }: TensorInfo,
  { nonFinite, overflow }: Omit<StoredStream, "digest">,
): string | undefined {
  const all = `of ${countOf(elementCount(shape), "value")}`;
  if (nonFinite > 0) return `tensor ${name}: ${nonFinite} ${all} infinite or no number (inf, NaN)`;
  if (overflow === undefined) return undefined;
  return `tensor ${name}: ${overflow.elements} ${all} more than ${overflow.storage} can hold: infinite there`;
}

/** Says of a tensor that is not finite where that comes from. @throws the error, in any case */
export async function explainNonFinite(error: unknown): Promise<never> {
  if (!(error instanceof NonFinite)) throw error;
  throw new WorkError(`Expected finite values, found in ${error.message}`, {
    hint: [await error.stream.explainNonFinite?.(), "To go on all the same: --allow-non-finite."]
      .filter((part) => part !== undefined)
      .join(" "),
    cause: error,
  });
}

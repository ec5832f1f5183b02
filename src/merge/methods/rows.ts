/** Consecutive elements of one or several tensors of one shape. */
interface Piece {
  readonly start: number;
  readonly values: readonly Float32Array<ArrayBuffer>[];
}

/** One row of each tensor. */
export interface Rows {
  /** Of the first element. */
  readonly start: number;
  /** Valid until the next ones. */
  readonly rows: readonly Float32Array<ArrayBuffer>[];
}

/** Cuts pieces of tensors into their rows, of `width` elements each. */
export async function* rowsOfAll(pieces: AsyncIterable<Piece>, width: number): AsyncGenerator<Rows> {
  let rows: Float32Array<ArrayBuffer>[] | undefined;
  let filled = 0;
  for await (const { start, values } of pieces) {
    rows ??= values.map(() => new Float32Array(width));
    const length = values[0]?.length ?? 0;
    for (let at = 0; at < length; ) {
      const count = Math.min(width - filled, length - at);
      for (const [index, row] of rows.entries()) {
        const part = values[index]?.subarray(at, at + count);
        if (part !== undefined) row.set(part, filled);
      }
      filled += count;
      at += count;
      if (filled < width) continue;
      filled = 0;
      yield { start: start + at - width, rows };
    }
  }
}

import type { TensorChange } from "./file-layout.ts";

type WritePiece = (piece: Uint8Array<ArrayBuffer>) => Promise<void> | void;

/**
 * Puts the rows of a tensor that comes in pieces into the order of a `rotary` change, head by head, in the tensor's own
 * dtype; without such a change, pieces pass through. No more than one head is held.
 * @param rowBytes of the tensor as it comes
 * @param rows of the whole tensor
 */
export function reorderRows(
  change: TensorChange | undefined,
  { rows, rowBytes }: { rows: number; rowBytes: number },
  write: WritePiece,
): WritePiece {
  if (change?.kind !== "rotary") return write;
  const headRows = rows / change.heads;
  const head = new Uint8Array(headRows * rowBytes);
  let filled = 0;
  return async (piece) => {
    for (let at = 0; at < piece.byteLength; ) {
      const part = piece.subarray(at, at + head.byteLength - filled);
      head.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < head.byteLength) continue;
      await write(interleaveHalves(head, rowBytes));
      filled = 0;
    }
  };
}

/** Rows a0 a1 ... b0 b1 ... of one head become a0 b0 a1 b1 ... */
function interleaveHalves(head: Uint8Array, rowBytes: number): Uint8Array<ArrayBuffer> {
  const mixed = new Uint8Array(head.byteLength);
  const half = head.byteLength / rowBytes / 2;
  for (let row = 0; row < half; row++) {
    mixed.set(head.subarray(row * rowBytes, (row + 1) * rowBytes), 2 * row * rowBytes);
    mixed.set(head.subarray((half + row) * rowBytes, (half + row + 1) * rowBytes), (2 * row + 1) * rowBytes);
  }
  return mixed;
}

/** The inverse of `interleaveHalves`: rows a0 b0 a1 b1 ... of one head become a0 a1 ... b0 b1 ... */
export function separateHalves(head: Uint8Array, rowBytes: number): Uint8Array<ArrayBuffer> {
  const separate = new Uint8Array(head.byteLength);
  const half = head.byteLength / rowBytes / 2;
  for (let row = 0; row < half; row++) {
    separate.set(head.subarray(2 * row * rowBytes, (2 * row + 1) * rowBytes), row * rowBytes);
    separate.set(head.subarray((2 * row + 1) * rowBytes, (2 * row + 2) * rowBytes), (half + row) * rowBytes);
  }
  return separate;
}

import { formatBytes } from "../base/bytes.ts";
import { dtypeBytes } from "../tensors/dtype.ts";
import { elementCount, type TensorInfo } from "../tensors/tensor-info.ts";
import type { Terminal } from "./terminal.ts";

const REDRAW_MS = 100;

/**
 * Shows on a terminal how many tensors of a file or folder are written, and how fast: one line that is redrawn. In a log,
 * the result is said when it is there.
 *
 * @param total tensors that there will be
 * @param now milliseconds of a clock
 * @returns to be told of every tensor when it is written
 */
export function showTensors(
  terminal: Terminal,
  total: number,
  now: () => number = () => performance.now(),
): (tensor: TensorInfo) => void {
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  let count = 0;
  let bytes = 0;
  return ({ dtype, shape }) => {
    count++;
    bytes += elementCount(shape) * dtypeBytes(dtype);
    const time = now();
    if (time - drawn < REDRAW_MS && count < total) return;
    const speed = bytes / Math.max(0.001, (time - started) / 1000);
    terminal.status(`${count} of ${total} tensors, ${formatBytes(Math.round(speed))}/s`);
    drawn = time;
  };
}

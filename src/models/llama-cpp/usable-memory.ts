import { totalmem } from "node:os";

/** Of what the machine (or its control group) has. The rest is for merging, the page cache, and whoever else is there. */
const MEMORY_SHARE = 0.8;

/** Bytes of memory for all models and processes together. */
export function usableMemory(): number {
  // Memory that other processes hold is not looked at: those may be this one's own, from the model before.
  return MEMORY_SHARE * Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

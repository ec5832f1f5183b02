/** How a completion ended: by itself, at its limit, by an interrupt; or a source does not say. */
export const FINISH_REASONS = ["stop", "length", "aborted", "unknown"] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

import { z } from "zod";

/** How far a run is and how fast, as the process that works on it writes it down every few seconds, for others to show. */
export const progressSchema = z.object({
  /** Processes at work. */
  workers: z.int().positive(),
  /** Since the process began; what was stored before does not count for the speed. */
  seconds: z.number().nonnegative(),
  points_done: z.int().nonnegative(),
  points_total: z.int().nonnegative(),
  samples_done: z.int().nonnegative(),
  samples_total: z.int().nonnegative(),
  tokens_per_second: z.number().nonnegative(),
  /** From the lengths that each benchmark's completions had so far; null as long as none is known. */
  seconds_left: z.number().nonnegative().nullable(),
  /** The points that are being evaluated. */
  working: z.array(
    z.object({
      point: z.string(),
      samples_done: z.int().nonnegative(),
      samples_total: z.int().nonnegative(),
      tokens_per_second: z.number().nonnegative(),
      /** Processes that share it. */
      processes: z.int().nonnegative(),
    }),
  ),
});
/** How far a run is and how fast. */
export type RunProgress = z.infer<typeof progressSchema>;

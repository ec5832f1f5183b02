import { z } from "zod";

/** `search:` of a sweep file. */
export const searchSchema = z.strictObject({
  /**
   * What a search may spend on completions: tokens, a part of those of the whole grid, or hours, which become tokens by the speed
   * of the first block and are then fixed. The first block is asked in any case. No bound if left out.
   */
  budget: z
    .union(
      [
        z.strictObject({ tokens: z.int().positive() }),
        z.strictObject({ share: z.number().positive().max(1) }),
        z.strictObject({ hours: z.number().positive() }),
      ],
      "expected { tokens: 2000000 }, { share: 0.25 } or { hours: 5 }",
    )
    .optional(),
  /** Of a decision that is called sure, and of what is put out of the race. */
  confidence: z.number().min(0.5).max(0.999).default(0.95),
  /** How many times the gaps of the coarse grid that a search begins with may be halved; 0 begins with all points. */
  refine: z.int().min(0).max(10).default(2),
  /** Whether points between the ends are asked fewer of the questions that the ends answer alike. */
  strata: z.boolean().default(true),
  /** Whether points that are out for sure are asked nothing more. */
  elimination: z.boolean().default(true),
  /** Whether it ends where the questions that are left would hardly decide. */
  futility: z.boolean().default(true),
});

/** How a search goes about it. */
export type SearchConfig = z.infer<typeof searchSchema>;
/** As a person writes it: what has a default may be left out. */
export type SearchInput = z.input<typeof searchSchema>;

/** A search with everything chosen. */
export function settleSearch(search: SearchInput = {}): SearchConfig {
  return searchSchema.parse(search);
}

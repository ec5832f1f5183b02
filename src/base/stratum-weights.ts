/** Questions in strata of which a sample was asked. */
export interface QuestionStrata {
  /** The stratum of each question; -1 of one that is in none and stands for itself. */
  readonly of: ArrayLike<number>;
  /** Questions of each stratum, asked or not. */
  readonly sizes: ArrayLike<number>;
}

/**
 * What each question stands for: of a stratum of which a part was asked, all questions over those that were (Cochran 1977). A
 * stratum of which none was asked does not count.
 *
 * @param isAsked whether a question was asked of all points that are looked at
 * @returns undefined where every question stands for itself
 */
export function stratumWeights(
  strata: QuestionStrata | undefined,
  isAsked: (question: number) => boolean,
): Float64Array | undefined {
  if (strata === undefined) return undefined;
  const { of, sizes } = strata;
  const asked = new Float64Array(sizes.length);
  for (let q = 0; q < of.length; q++) {
    const stratum = of[q] ?? -1;
    if (stratum >= 0 && isAsked(q)) asked[stratum] = (asked[stratum] ?? 0) + 1;
  }
  if (asked.every((count, stratum) => count === 0 || count === sizes[stratum])) return undefined;
  return Float64Array.from(of, (stratum) =>
    stratum < 0 ? 1 : (sizes[stratum] ?? 1) / Math.max(1, asked[stratum] ?? 1),
  );
}

/** Raised when the same completion may get another score: scores of different versions are not comparable. */
export const SCORER_VERSION = 3;

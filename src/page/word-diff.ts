import { diffWordsWithSpace } from "diff";

/** A piece of a text: the same in both, or only here. */
export interface Piece {
  readonly text: string;
  readonly changed: boolean;
}

/** Two texts in pieces; null where they differ too much to be compared in time. */
export interface Changes {
  readonly before: readonly Piece[];
  readonly after: readonly Piece[];
}

/** Milliseconds: longer would be felt. */
const TIMEOUT = 400;

/** What changed from one text to another, word by word. */
export function wordChanges(before: string, after: string): Changes | null {
  const parts = diffWordsWithSpace(before, after, { timeout: TIMEOUT });
  if (parts === undefined) return null;
  return {
    before: parts.filter(({ added }) => !added).map(({ value, removed }) => ({ text: value, changed: removed })),
    after: parts.filter(({ removed }) => !removed).map(({ value, added }) => ({ text: value, changed: added })),
  };
}

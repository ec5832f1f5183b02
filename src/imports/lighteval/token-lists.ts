import { listOf } from "../fields.ts";

/** The token lists of the attempts at one question, whatever the depth at which a version of lighteval nests them. */
export function readTokens(value: unknown): number[][] {
  const lists = listOf(value);
  const [first] = lists;
  if (first === undefined) return [];
  if (!Array.isArray(first)) return isToken(first) ? [lists.map(Number)] : [];
  if (Array.isArray(first[0])) return lists.flatMap((list) => readTokens(list));
  return lists.map((list) => listOf(list).filter(isToken).map(Number));
}

function isToken(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/**
 * How many tokens were generated before the end of the text: batches are filled up to the length of their longest answer, so
 * that the lists as they are would be too long.
 *
 * @param answers the token lists by question and attempt
 * @param completions their texts
 * @param padding tokens that prompts were filled up with
 * @param limit the cap on tokens; null where it is not known
 */
export function generatedLengths(
  answers: readonly (readonly (readonly number[])[])[],
  completions: readonly (readonly string[])[],
  padding: readonly number[],
  limit: number | null,
): number[][] {
  const lists = answers.flatMap((attempts, i) =>
    attempts.map((list, k) => ({ list, text: completions[i]?.[k]?.trimEnd() ?? "" })),
  );
  const ends = endTokens(lists, padding, limit);
  return answers.map((attempts) =>
    attempts.map((tokens) => {
      const end = tokens.findIndex((token) => ends.has(token));
      return end < 0 ? tokens.length : end;
    }),
  );
}

/** How large a part of the lists must end in a token that is taken for the end of a text, where nothing else says so. */
const USUAL = 0.9;

/** A token list and its text. */
interface TokenList {
  readonly list: readonly number[];
  readonly text: string;
}

/**
 * The token that fills up, and the one that ends a text where it is another: it stands before the filling, and last in the
 * longest list of a batch, which needs no filling. Where every batch goes up to the cap, no list shows that; then it is told
 * from a full stop by the texts, of which it is no part.
 */
function endTokens(all: readonly TokenList[], padding: readonly number[], limit: number | null): Set<number> {
  const ends = new Set(padding);
  const isBelow = (list: readonly number[]): boolean => list.length > 0 && (limit === null || list.length < limit);
  if (ends.size === 0) {
    const last = usualEnd(all.map(({ list }) => list).filter(isBelow));
    if (last !== undefined) ends.add(last);
  }
  const ended = all
    .map(({ list, text }) => ({ list, text, own: list.slice(0, list.findLastIndex((token) => !ends.has(token)) + 1) }))
    .filter(({ list, own }) => own.length > 0 && (own.length < list.length || isBelow(list)));
  const before = usualEnd(ended.map(({ own }) => own));
  if (before === undefined) return ends;
  const longest = ended.filter(({ list, own }) => own.length === list.length);
  const letters = new Set(ended.map(({ text }) => text.at(-1)));
  const isEnd =
    longest.length > 0
      ? longest.every(({ list }) => list.at(-1) === before)
      : letters.size > 1 && !endsBelow(ended, limit);
  if (isEnd) ends.add(before);
  return ends;
}

/** Whether any list is shorter than the cap: its batch then would have shown a list without filling. */
function endsBelow(ended: readonly TokenList[], limit: number | null): boolean {
  return limit === null || ended.some(({ list }) => list.length < limit);
}

/** What nearly all lists end in, if it stands nowhere else: a full stop often ends a text, but also sentences within it. */
function usualEnd(lists: readonly (readonly number[])[]): number | undefined {
  const counts = new Map<number, number>();
  for (const list of lists) counts.set(list.at(-1) ?? -1, (counts.get(list.at(-1) ?? -1) ?? 0) + 1);
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1]);
  if (most === undefined || lists.length < 2 || most[1] < USUAL * lists.length) return undefined;
  const isInside = (list: readonly number[]): boolean => {
    const end = list.findLastIndex((token) => token !== most[0]);
    return list.slice(0, end + 1).includes(most[0]);
  };
  return lists.some(isInside) ? undefined : most[0];
}

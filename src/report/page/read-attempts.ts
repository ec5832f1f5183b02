import { beginning, ending } from "../../base/whole-characters.ts";
import type { SampleRecord, ScoreRecord } from "../../runs/schema.ts";
import type { EvaluatedPoint } from "../../runs/stored-run.ts";

/** Characters of one completion. Of longer ones the beginning and the end are shown: what was asked for is in the end. */
export const LONGEST = 12_000;

/** A completion as a page shows it, with its score. */
export interface ReadAttempt {
  readonly text: string;
  readonly finishReason: SampleRecord["finish_reason"];
  readonly score: ScoreRecord;
}

/** What tells the attempts of a point apart. */
export function attemptKey({
  benchmark,
  sample,
  attempt,
}: Pick<ScoreRecord, "benchmark" | "sample" | "attempt">): string {
  return `${benchmark}\n${sample}\n${attempt}`;
}

/** Notes those scores of a piece that are wanted, by key. */
export function noteScores(
  piece: readonly ScoreRecord[],
  wanted: ReadonlySet<string>,
  scores: Map<string, ScoreRecord>,
): void {
  for (const score of piece) {
    const key = attemptKey(score);
    if (wanted.has(key)) scores.set(key, score);
  }
}

/** The wanted attempts of a point, by key. */
export async function attemptsOf(
  { records, texts }: Pick<EvaluatedPoint, "records" | "texts">,
  wanted: ReadonlySet<string>,
): Promise<Map<string, ReadAttempt>> {
  const scores = new Map<string, ScoreRecord>();
  for await (const piece of records()) noteScores(piece, wanted, scores);
  return texts === undefined ? new Map() : readAttempts(texts(), scores);
}

/** Completions beside their scores, by key. @param scores of those that are wanted */
export async function readAttempts(
  texts: AsyncIterable<readonly SampleRecord[]>,
  scores: ReadonlyMap<string, ScoreRecord>,
): Promise<Map<string, ReadAttempt>> {
  const found = new Map<string, ReadAttempt>();
  if (scores.size === 0) return found;
  for await (const records of texts) {
    for (const record of records) {
      const key = attemptKey(record);
      const score = scores.get(key);
      if (score === undefined) continue;
      // Halves of long texts are kept, never the whole.
      const text = shorten(`${record.prefill}${record.completion}`);
      found.set(key, { text, finishReason: record.finish_reason, score });
    }
  }
  return found;
}

/** The beginning and the end of a long text. */
export function shorten(text: string): string {
  if (text.length <= LONGEST) return text;
  const [start, end] = [beginning(text, LONGEST / 2), ending(text, LONGEST / 2)];
  return `${start}\n[... ${text.length - start.length - end.length} characters left out ...]\n${end}`;
}

import type { PageBenchmark, PageData, ShownAttempt } from "../report/page/page-data.ts";
import { decodeScore, type ScoreCode } from "../report/page/score-codes.ts";
import { FINISH_REASONS, type FinishReason } from "../runs/finish-reasons.ts";

/** What is known of an attempt. */
export interface Attempt extends ScoreCode {
  readonly tokens: number | null;
}

/** How every point answered every question. */
export interface Scores {
  /** Null where the question was not asked. */
  readonly attempt: (point: string, question: number, attempt: number) => Attempt | null;
}

const known = new WeakMap<PageBenchmark, Scores>();

/** The scores of a benchmark; each point's are read when they are first asked for, and kept. */
export function scoresOf(benchmark: PageBenchmark): Scores {
  const scores = known.get(benchmark) ?? readScores(benchmark);
  known.set(benchmark, scores);
  return scores;
}

function readScores({ scores, attempts }: PageBenchmark): Scores {
  const tokens = new Map<string, readonly string[]>();
  return {
    attempt: (point, question, attempt) => {
      const own = scores[point];
      if (own === undefined || attempt >= attempts) return null;
      const at = question * attempts + attempt;
      const code = decodeScore(own.codes[at]);
      if (code === null) return null;
      const counts = tokens.get(point) ?? own.tokens.split(" ");
      tokens.set(point, counts);
      const count = counts[at] ?? "";
      return { ...code, tokens: count === "" ? null : Number(count) };
    },
  };
}

/** The texts of an attempt; null where the page does not have them. */
export interface ShownTexts {
  readonly text: string;
  readonly finish: string;
  readonly answer: string | null;
  readonly path: string;
  readonly rule: string;
  readonly forms: readonly [gold: string, answer: string] | null;
}

const FINISHES: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length (cut off by max_tokens)",
  aborted: "aborted",
  unknown: "",
};

export function textsOf(
  { texts, points }: PageData,
  { benchmark, question, attempt, point }: { benchmark: string; question: string; attempt: number; point: string },
): ShownTexts | null {
  const place = points.findIndex(({ name }) => name === point);
  const shown = texts.shown[benchmark]?.[question]?.[attempt]?.[place];
  if (shown === undefined || shown === null) return null;
  const [text, finish, answer, path, rule, gold, form] = shown satisfies ShownAttempt;
  const string = (at: number): string | null => texts.strings[at] ?? null;
  const [goldForm, answerForm] = [string(gold), string(form)];
  return {
    text: string(text) ?? "",
    finish: FINISHES[FINISH_REASONS[finish] ?? "unknown"],
    answer: string(answer),
    path: string(path) ?? "",
    rule: string(rule) ?? "",
    forms: goldForm === null || answerForm === null ? null : [goldForm, answerForm],
  };
}

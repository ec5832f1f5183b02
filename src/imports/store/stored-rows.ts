import { z } from "zod";
import { digestOf, sha256 } from "../../base/digest.ts";
import { streamRecords } from "../../runs/stored-files.ts";
import type { ImportedAnswer, ImportedRun } from "../imported-run.ts";

/** An answer as a store keeps it: with the name of its question in reports. */
export interface StoredAnswer extends ImportedAnswer {
  readonly sample: string;
}

/** A run as a store keeps it. */
export interface StoredImport extends Omit<ImportedRun, "answers"> {
  readonly answers: readonly StoredAnswer[];
}

/** A line of imported.jsonl: a run, followed by its answers. */
type Line = { readonly run: Omit<StoredImport, "answers"> } | { readonly answer: StoredAnswer };

/** The lines of a run. */
export function* linesOf({ answers, ...run }: StoredImport): Generator<string> {
  yield `${JSON.stringify({ run } satisfies Line)}\n`;
  for (const answer of answers) yield `${JSON.stringify({ answer } satisfies Line)}\n`;
}

/** The runs of a file, one at a time; none if there is no file. @throws InputError for a line that is no JSON */
export async function* readStoredRuns(path: string): AsyncGenerator<StoredImport> {
  let current: { run: Omit<StoredImport, "answers">; answers: StoredAnswer[] } | undefined;
  for await (const lines of streamRecords(z.unknown(), path, true)) {
    for (const value of lines) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- lines that only this module writes
      const line = value as Line;
      if ("run" in line) {
        if (current !== undefined) yield { ...current.run, answers: current.answers };
        current = { run: line.run, answers: [] };
      } else if (current !== undefined) current.answers.push(line.answer);
    }
  }
  if (current !== undefined) yield { ...current.run, answers: current.answers };
}

/** What tells a run of a model from its other runs. */
export function runKey({ task, shots, run }: Pick<ImportedRun, "task" | "shots" | "run">): string {
  return JSON.stringify([task, shots, run]);
}

/** The contents of a run, whatever the order of its answers and the file that it comes from. */
export function contentDigest({ answers, means }: StoredImport): string {
  const lines = answers.map((answer) => `${answerKey(answer)} ${answerDigest(answer)}`).toSorted();
  return answers.length === 0 ? digestOf(means) : sha256(lines.join("\n"));
}

export function answerKey({ sample, attempt }: StoredAnswer): string {
  return `${sample} ${attempt}`;
}

export function answerDigest({ completion, scores }: StoredAnswer): string {
  return digestOf([completion, scores]);
}

/**
 * Names the questions of a run by their text, so that the same question has one name whatever the program called it. A
 * question without text keeps its name; texts that occur more than once are numbered in the order of their ids.
 */
export function nameQuestions(answers: readonly ImportedAnswer[]): StoredAnswer[] {
  const byText = new Map<string, Set<string>>();
  for (const { id, question } of answers) {
    if (question === null) continue;
    const text = plain(question);
    byText.set(text, (byText.get(text) ?? new Set()).add(id));
  }
  const names = new Map<string, string>();
  for (const [text, ids] of byText) {
    [...ids].toSorted(naturally).forEach((id, i) => {
      names.set(id, `q-${sha256(text).slice(0, 12)}${i === 0 ? "" : `-${i + 1}`}`);
    });
  }
  return answers.map((answer) => ({ ...answer, sample: names.get(answer.id) ?? answer.id }));
}

/** Spaces and line breaks are no part of a question. */
export function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

function naturally(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? (a < b ? -1 : 1) : x - y;
}

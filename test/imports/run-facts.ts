import type { ImportedRun } from "../../src/imports/imported-run.ts";

export function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Mean over questions of the means over those attempts that have the score. */
export function meanScore({ answers }: ImportedRun, name: string): number {
  const byQuestion = new Map<string, number[]>();
  for (const { id, scores } of answers) {
    if (scores[name] !== undefined) byQuestion.set(id, [...(byQuestion.get(id) ?? []), scores[name]]);
  }
  return meanOf([...byQuestion.values()].map(meanOf));
}

export function questionsOf({ answers }: ImportedRun): number {
  return new Set(answers.map(({ id }) => id)).size;
}

export function attemptsOf({ answers }: ImportedRun): number {
  return 1 + Math.max(...answers.map(({ attempt }) => attempt));
}

/** Unicode characters of the completions. */
export function meanCharacters({ answers }: ImportedRun): number {
  return meanOf(answers.map(({ completion }) => Array.from(completion ?? "").length));
}

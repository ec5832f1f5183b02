import { expect, test } from "vitest";
import { downloads } from "../../src/cli/show-downloads.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that keeps what it is told. */
function recording(interactive: boolean): { terminal: Terminal; shown: string[] } {
  const shown: string[] = [];
  const add = (text: string): void => void shown.push(text);
  return { shown, terminal: { interactive, columns: 79, out: add, note: add, error: add, status: add } };
}

const signal = new AbortController().signal;
const PROGRESS = { model: "org/name", file: "model.safetensors", total: 3_554_000_000 };

test("a terminal shows how much of a model is there", () => {
  const { terminal, shown } = recording(true);
  downloads({ terminal, signal }).onProgress?.({ ...PROGRESS, received: 1_000_000_000 });
  expect(shown).toEqual(["fetching org/name: model.safetensors, 1.00 GB of 3.55 GB"]);
});

test("a log has one line for a file, however many pieces it comes in", () => {
  const { terminal, shown } = recording(false);
  const { onProgress } = downloads({ terminal, signal });
  for (const received of [1e6, 2e6, 3e6]) onProgress?.({ ...PROGRESS, received });
  onProgress?.({ ...PROGRESS, file: "tokenizer.json", received: 4e6 });
  expect(shown.map((line) => line.split(",")[0])).toEqual([
    "fetching org/name: model.safetensors",
    "fetching org/name: tokenizer.json",
  ]);
});

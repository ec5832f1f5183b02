import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toJsonLines } from "../../../src/base/jsonl.ts";
import { readCompletions } from "../../../src/runs/completions/completion-files.ts";
import type { SampleRecord } from "../../../src/runs/schema.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

function answer(sample: string, completion: string): SampleRecord {
  return {
    benchmark: "b",
    sample,
    attempt: 0,
    seed: 0,
    prompt_sha256: null,
    prefill: "",
    completion,
    finish_reason: "stop",
    prompt_tokens: 1,
    completion_tokens: 1,
    thinking_tokens: null,
    milliseconds: 1,
  };
}

it("of an attempt that two workers answered with different texts the first file counts, and they are counted", async () => {
  const folder = scratchFolder();
  await writeFile(
    join(folder, "samples-1.jsonl"),
    toJsonLines([answer("1", "by one"), answer("2", "same"), answer("3", "own")]),
  );
  await writeFile(join(folder, "samples.jsonl"), toJsonLines([answer("1", "by another"), answer("2", "same")]));
  const { records, differing, counts } = await readCompletions(folder);
  expect(records.map(({ sample, completion }) => `${sample} ${completion}`)).toEqual(["1 by one", "2 same", "3 own"]);
  expect(differing).toBe(1);
  expect([...counts]).toEqual([["samples-1.jsonl", 3]]);
});

import { sampleRecordSchema } from "../../../src/runs/schema.ts";
import { readRecords } from "../../../src/runs/stored-files.ts";
import { scoreCompletion } from "../../../src/scorers/score-completion.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { scratchFile } from "../scratch-file.ts";
import { seedsOf } from "../seeds.ts";

const RECORD = {
  benchmark: "sums",
  sample: "1",
  attempt: 0,
  seed: 7,
  prompt_sha256: "0".repeat(64),
  prefill: "<think>\n",
  completion: "Hmm.\n</think>\n\nSo \\boxed{\\frac{1}{2}}.",
  finish_reason: "stop",
  prompt_tokens: 12,
  completion_tokens: 9,
  thinking_tokens: 3,
  milliseconds: 5,
};

/** Stored completions, and the scores of what is read. */
export const stored: FuzzTarget = {
  name: "stored",
  inputs: 2000,
  seeds: () => Promise.resolve(seedsOf([`${JSON.stringify(RECORD)}\n${JSON.stringify({ ...RECORD, attempt: 1 })}\n`])),
  async read(input) {
    const records = await readRecords(sampleRecordSchema, scratchFile("samples.jsonl", input));
    for (const record of records) {
      if (record.finish_reason === "unknown" || record.completion_tokens === null) continue;
      scoreCompletion({
        completion: record.completion,
        prefill: record.prefill,
        golds: ["\\frac{1}{2}"],
        answer: "math",
        finishReason: record.finish_reason,
        completionTokens: record.completion_tokens,
        thinkingTokens: record.thinking_tokens,
      });
    }
  },
};

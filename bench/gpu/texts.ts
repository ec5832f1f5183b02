import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord } from "../../src/base/is-record.ts";
import { parseJsonLines } from "../../src/base/jsonl.ts";
import { writeGguf } from "../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import { streamReader } from "../../src/tensors/write/tensor-stream.ts";
import { GREEDY } from "../../test/helpers/models/greedy.ts";
import { projectRoot } from "../../test/helpers/shared.ts";

const CONTEXT_TOKENS = 512;

/** Prints how many greedy texts of the pocket model differ from the CPU's, with each number of sequences and when run again. */
export async function benchTexts(options: {
  readonly gpu: boolean;
  readonly sequences: readonly number[];
  readonly questions: number;
}): Promise<void> {
  const { gpu, sequences, questions } = options;
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-gpu-"));
  const path = join(folder, "pocket.gguf");
  const checkpoint = await openCheckpoint(join(projectRoot, "checkpoints/pocket/accfmt"));
  try {
    await writeGguf(path, checkpoint, streamReader(checkpoint.reader), "bf16");
    const prompts = pocketPrompts().slice(0, questions);
    const onCpu = await textsOf(path, prompts, { gpu: false, sequences: 16 });
    process.stdout.write(`Texts of ${prompts.length} questions by the pocket model, greedy: how many differ\n`);
    let first: readonly string[] | undefined;
    for (const count of [...sequences, sequences[0] ?? 1]) {
      const texts = await textsOf(path, prompts, { gpu, sequences: count });
      const again = first === undefined ? "" : `, ${differing(texts, first)} from ${sequences[0]} sequences`;
      process.stdout.write(
        `  ${String(count).padStart(4)} sequences: ${differing(texts, onCpu)} from the CPU${again}\n`,
      );
      first ??= texts;
    }
  } finally {
    await checkpoint.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function textsOf(
  path: string,
  prompts: readonly string[],
  { gpu, sequences }: { readonly gpu: boolean; readonly sequences: number },
): Promise<string[]> {
  await using runtime = await createLlamaCppRuntime({ gpu: gpu && "auto" });
  await using model = await runtime.load(path, { contextTokens: CONTEXT_TOKENS, sequences });
  const answers = prompts.map((prompt) => model.complete({ prompt, sampling: GREEDY }));
  return (await Promise.all(answers)).map(({ text }) => text);
}

function differing(texts: readonly string[], others: readonly string[]): number {
  return texts.filter((text, i) => text !== others[i]).length;
}

function pocketPrompts(): string[] {
  const path = join(projectRoot, "datasets/pocket-math/test.jsonl");
  return parseJsonLines(readFileSync(path, "utf8"), path).map((row) => {
    const question = isRecord(row) ? String(row.question) : "";
    return `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`;
  });
}

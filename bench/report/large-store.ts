import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../src/base/digest.ts";
import { toJsonLines } from "../../src/base/jsonl.ts";
import { seededRandom } from "../../src/base/random.ts";
import { MANIFEST_VERSION, type SampleRecord } from "../../src/runs/schema.ts";

interface Size {
  readonly points: number;
  readonly questions: number;
  readonly attempts: number;
}

/** Makes a project in a folder: the benchmark `large`, and the store runs/large with completions of 200 characters that are not scored. */
export function makeLargeStore(folder: string, { points, questions, attempts }: Size): void {
  const data = join(folder, "datasets/large");
  mkdirSync(data, { recursive: true });
  const rows = Array.from({ length: questions }, (_, q) => ({
    id: nameOf(q),
    question: `Compute ${q} + 1.`,
    answer: String(q + 1),
  }));
  const text = toJsonLines(rows);
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(data, "test.jsonl"), text);
  writeFileSync(
    join(data, "benchmark.yaml"),
    `name: large\nversion: 1\ndescription: Sums.\nlicence: MIT\nfile: test.jsonl\nsha256: ${digest}\nrows: ${questions}\n` +
      "fields: { id: id, problem: question, answer: answer }\nanswer: { kind: number }\nprompts: [plain]\n",
  );
  const run = join(folder, "runs/large");
  const planned = Array.from({ length: points }, (_, i) => {
    const w = String(Number((i / Math.max(1, points - 1)).toFixed(4)));
    return { name: `w=${w}`, kind: "point", axes: { w }, unit: `${String(i).padStart(3, "0")}-w=${w}` };
  });
  for (const [i, { unit }] of planned.entries())
    writeUnit(join(run, "units", unit), unit, i, { points, questions, attempts });
  const manifest = {
    manifest_version: MANIFEST_VERSION,
    mergesweep_version: "0.0.0",
    sweep: "large",
    axes: ["w"],
    points: planned,
    benchmarks: [{ name: "large", version: 1, samples: questions, attempts, data_sha256: digest, prompt: "plain@1" }],
    max_tokens: 256,
    plan: { generation: { temperature: 0.8 } },
    plan_digest: sha256("plan"),
  };
  writeFileSync(join(run, "manifest.json"), JSON.stringify(manifest));
}

function nameOf(question: number): string {
  return `large-${String(question + 1).padStart(5, "0")}`;
}

function writeUnit(folder: string, unit: string, point: number, { questions, attempts }: Size): void {
  mkdirSync(folder, { recursive: true });
  const random = seededRandom(point + 1);
  const records: SampleRecord[] = [];
  for (let q = 0; q < questions; q++) {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const answer = random() < 0.7 ? q + 1 : q + 2;
      const head = `<think>\nAdd one to ${q}. `;
      const tail = `\n</think>\nThe answer is \\boxed{${answer}}.`;
      records.push({
        benchmark: "large",
        sample: nameOf(q),
        attempt,
        seed: attempt,
        prompt_sha256: sha256(""),
        prefill: "",
        completion: head + "so ".repeat(200).slice(0, 200 - head.length - tail.length) + tail,
        finish_reason: "stop",
        prompt_tokens: 20,
        completion_tokens: 40 + Math.floor(30 * random()),
        thinking_tokens: 30,
        milliseconds: 100,
      });
    }
  }
  writeFileSync(join(folder, "samples.jsonl"), toJsonLines(records));
  const result = {
    unit,
    weights_sha256: sha256(unit),
    identity: sha256(unit),
    same_as: null,
    runtime: "bench",
    gguf_type: "bf16",
    attempts: questions * attempts,
    scorer_version: 1,
  };
  writeFileSync(join(folder, "result.json"), JSON.stringify(result));
}

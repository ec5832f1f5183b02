import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sha256 } from "../src/base/digest.ts";
import { toJsonLines } from "../src/base/jsonl.ts";
import { seededRandom } from "../src/base/random.ts";
import { MANIFEST_VERSION, type SampleRecord } from "../src/runs/schema.ts";
import { countOf } from "./flag-values.ts";
import { runProgram } from "./run-program.ts";

const HELP = `npm run bench report [-- --points N --questions N --attempts N]

Makes a run store of points x questions x attempts completions of 200 characters in a temporary folder, and prints seconds and
peak memory of \`score\` (which grades them all and renders the report) and \`report\`.

  --points     [50]
  --questions  [5000]
  --attempts   [4]
`;

interface Size {
  readonly points: number;
  readonly questions: number;
  readonly attempts: number;
}

/** Measures `score` and `report` on a large store, each in a fresh process. */
export async function benchReport(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      points: { type: "string", default: "50" },
      questions: { type: "string", default: "5000" },
      attempts: { type: "string", default: "4" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return print(HELP);
  const size = {
    points: countOf("points", values.points),
    questions: countOf("questions", values.questions),
    attempts: countOf("attempts", values.attempts),
  };
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-bench-report-"));
  try {
    makeStore(folder, size);
    const [run, out] = [join(folder, "runs/large"), join(folder, "report")];
    print(
      `${size.points} points x ${size.questions} questions x ${size.attempts} attempts, completions of 200 characters\n`,
    );
    print(`${"".padEnd(10)}  wall s   CPU s  peak MB`);
    for (const [name, command] of [
      ["score", ["score", run, "--root", folder]],
      ["report", ["report", run, "--out", out]],
    ] as const) {
      const { usage } = await runProgram("../src/cli/main.ts", ...command);
      const numbers = [usage.wall.toFixed(1), (usage.user + usage.system).toFixed(1), usage.peakMegabytes.toFixed(0)];
      print(name.padEnd(10) + numbers.map((number) => number.padStart(8)).join(""));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    // Where `score` puts the report of a run of this name.
    rmSync("reports/large", { recursive: true, force: true });
  }
}

function makeStore(folder: string, { points, questions, attempts }: Size): void {
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

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

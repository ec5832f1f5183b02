import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { loadBenchmark } from "../../src/benchmarks/load-dataset.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

let folder = "";
beforeEach(() => {
  folder = scratchFolder();
});

async function writeBenchmark(data: string, yaml: string, dataName = "data.jsonl"): Promise<string> {
  await writeFile(join(folder, dataName), data);
  const path = join(folder, "benchmark.yaml");
  await writeFile(path, yaml);
  return path;
}

async function failureOf(path: string): Promise<Error & { hint?: string }> {
  try {
    await loadBenchmark(path, { root: projectRoot });
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("expected an error");
}

const TEN_LINES = `name: mine
version: 1
description: Sums of my own.
licence: CC0-1.0
file: data.jsonl
fields:
  problem: q
  answer: a
answer:
  kind: number
`;

const SUMS = '{"q": "What is 1 + 1?", "a": 2}\n{"q": "What is 2 + 2?", "a": 4.0}\n';

describe("a benchmark that ships with the project", () => {
  it("is loaded by its name, with its digest, its labels and its default prompt", async () => {
    const benchmark = await loadBenchmark("pocket-math", { root: projectRoot });
    expect(benchmark.samples).toHaveLength(500);
    expect(benchmark.dataSha256).toBe("05c66557ca31125204738f545eb4d6d977d687a7b767e1be2868199cb7bacad7");
    expect(benchmark.prompt.name).toBe("plain");
    expect(benchmark.samples[1]).toEqual({
      id: "pocket-math-002",
      problem: "Compute 56 + 13.",
      golds: ["69"],
      labels: { kind: "expression", steps: "1" },
    });
  });

  it("gives its first problems only under a limit, and all of them under a limit that is too large", async () => {
    const three = await loadBenchmark("pocket-math", { root: projectRoot, limit: 3 });
    expect(three.samples.map((sample) => sample.id)).toEqual(["pocket-math-001", "pocket-math-002", "pocket-math-003"]);
    const all = await loadBenchmark("pocket-math", { root: projectRoot, limit: 1_000_000 });
    expect(all.samples).toHaveLength(500);
    await expect(loadBenchmark("pocket-math", { root: projectRoot, limit: 0 })).rejects.toThrow("above 0");
  });

  it("is found from any folder, where a benchmark of one's own goes before one of the same name", async () => {
    expect((await loadBenchmark("pocket-math", { root: folder })).samples).toHaveLength(500);
    const own = join(folder, "datasets", "pocket-math");
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "data.jsonl"), SUMS);
    await writeFile(join(own, "benchmark.yaml"), TEN_LINES);
    expect((await loadBenchmark("pocket-math", { root: folder })).samples).toHaveLength(2);
  });

  it("is suggested for a name that is almost right", async () => {
    await expect(loadBenchmark("poket-math", { root: projectRoot })).rejects.toMatchObject({
      message: 'Unknown benchmark "poket-math"',
      hint: expect.stringContaining('Did you mean "pocket-math"?'),
    });
  });

  it("suggests a prompt for a name that is almost right", async () => {
    await expect(loadBenchmark("pocket-math", { root: projectRoot, prompt: "open-sr" })).rejects.toMatchObject({
      hint: expect.stringContaining('Did you mean "open-rs"?'),
    });
  });
});

describe("a benchmark of one's own", () => {
  it("needs ten lines of YAML beside a JSONL file, found by the file or by its folder", async () => {
    const path = await writeBenchmark(SUMS, TEN_LINES);
    const byFile = await loadBenchmark(path, { root: projectRoot });
    expect(byFile.samples).toEqual([
      { id: "mine-0001", problem: "What is 1 + 1?", golds: ["2"], labels: {} },
      { id: "mine-0002", problem: "What is 2 + 2?", golds: ["4"], labels: {} },
    ]);
    expect(await loadBenchmark(folder, { root: projectRoot })).toEqual(byFile);
  });

  it("may be CSV, with commas, quotes and line breaks in quoted cells", async () => {
    const csv = 'q,a\r\n"Say ""one"",\nthen 1 + 1?",2\r\nplain,3\r\n';
    const path = await writeBenchmark(csv, TEN_LINES.replace("data.jsonl", "data.csv"), "data.csv");
    const benchmark = await loadBenchmark(path, { root: projectRoot });
    expect(benchmark.samples.map((sample) => [sample.problem, ...sample.golds])).toEqual([
      ['Say "one",\nthen 1 + 1?', "2"],
      ["plain", "3"],
    ]);
  });

  it("may join columns into a problem, take golds from a list, and declare units and tolerances", async () => {
    const path = await writeBenchmark(
      '{"body": "Two apples.", "q": "How many?", "a": ["2", "two"], "u": "apples", "e": "1e-1"}\n',
      TEN_LINES.replace("problem: q", "problem: [body, q]\n  unit: u\n  tolerance: e"),
    );
    const benchmark = await loadBenchmark(path, { root: projectRoot });
    expect(benchmark.samples[0]).toMatchObject({
      problem: "Two apples. How many?",
      golds: ["2", "two"],
      unit: "apples",
      tolerance: 0.1,
    });
  });

  it("may ask with a template of its own", async () => {
    const path = await writeBenchmark(
      SUMS,
      `${TEN_LINES}prompts:\n  - { name: terse, system: Be brief., user: "{problem} Answer:" }\n  - boxed\n`,
    );
    const terse = await loadBenchmark(path, { root: projectRoot });
    expect(terse.prompt).toEqual({ name: "terse", version: 1, system: "Be brief.", user: "{problem} Answer:" });
    expect((await loadBenchmark(path, { root: projectRoot, prompt: "boxed" })).prompt.name).toBe("boxed");
  });

  it("is refused for an unknown key, with file, line, column and the key that was meant", async () => {
    const path = await writeBenchmark(SUMS, TEN_LINES.replace("  answer: a", "  anwser: a"));
    const error = await failureOf(path);
    expect(error.name).toBe("ConfigError");
    expect(error.message).toContain("benchmark.yaml:8:3: unknown key");
    expect(error.message).toContain('Did you mean "answer"?');
  });

  it("is refused for an unknown prompt, with its place", async () => {
    const path = await writeBenchmark(SUMS, `${TEN_LINES}prompts: [plan]\n`);
    const error = await failureOf(path);
    expect(error.message).toContain('benchmark.yaml:11:11: unknown prompt "plan"');
    expect(error.hint).toContain('"plain"');
  });

  it("is refused for a column that the data lacks, with the one that was meant", async () => {
    const path = await writeBenchmark(
      SUMS.replaceAll('"q"', '"question"'),
      TEN_LINES.replace("problem: q", "problem: qestion"),
    );
    expect((await failureOf(path)).message).toContain('no column "qestion". Did you mean "question"?');
  });
});

describe("the checks on loading", () => {
  it("find everything that is wrong with the data at once", async () => {
    const rows = [
      '{"id": "a", "q": "What is $\\frac{1}{2}$ of 4?", "a": "2"}',
      '{"id": "b", "q": "In $\\triangle ABC$, what is A?", "a": "60"}',
      '{"id": "c", "q": "What is 1 + 1?", "a": "2"}',
      '{"id": "c", "q": "What  is 1 + 1?", "a": "2"}',
      '{"id": "d", "q": "What is nothing?", "a": " "}',
      '{"id": "e", "q": "", "a": "1"}',
      '{"id": "f", "q": "What is half?", "a": "\\frac12"}',
      '{"id": "g", "q": "Is $a \\neq b$?", "a": "\\boxed{1}"}',
    ];
    const path = await writeBenchmark(
      rows.join("\n"),
      `${TEN_LINES.replace("  problem: q", "  id: id\n  problem: q")}rows: 9\nsha256: "${"0".repeat(64)}"\n`,
    );
    const error = await failureOf(path);
    expect(error.name).toBe("InputError");
    for (const problem of [
      `expected sha256 ${"0".repeat(64)}, found `,
      "expected 9 rows, found 8",
      "row 1 (id a): the problem has a form feed where \\f began a command",
      "row 2 (id b): the problem has a tab where \\t began a command",
      "row 5 (id d): empty gold",
      "row 6 (id e): empty problem",
      "row 7 (id f): the gold has a form feed",
      "row 8 (id g): the problem has a line break where \\n began a command",
      "row 8 (id g): the gold has a backspace",
      'rows 3, 4 have the same id: "c"',
      'rows 3, 4 have the same problem: "What is 1 + 1?"',
    ]) {
      expect(error.message).toContain(problem);
    }
  });

  it("refuse a gold that JSON cannot hold exactly", async () => {
    const path = await writeBenchmark('{"q": "What is 9^20?", "a": 12157665459056928801}\n', TEN_LINES);
    expect((await failureOf(path)).message).toContain("row 1: the gold 12157665459056929000 is too large a number");
  });

  it("let real tabs and line breaks pass", async () => {
    const path = await writeBenchmark('{"q": "x\\ty\\n1\\t2\\nnext\\tthe end\\r\\nno", "a": "2"}\n', TEN_LINES);
    expect((await loadBenchmark(path, { root: projectRoot })).samples).toHaveLength(1);
  });

  it("name the line of a JSONL file or a CSV file that cannot be read", async () => {
    const jsonl = await writeBenchmark(`${SUMS}{"q": \n`, TEN_LINES);
    expect((await failureOf(jsonl)).message).toContain("data.jsonl:3:");
    const csv = await writeBenchmark('q,a\nx,1\n"open,2\n', TEN_LINES.replace("data.jsonl", "data.csv"), "data.csv");
    expect((await failureOf(csv)).message).toContain("data.csv:3: a quote is opened and never closed");
    const short = await writeBenchmark("q,a\nx\n", TEN_LINES.replace("data.jsonl", "data.csv"), "data.csv");
    expect((await failureOf(short)).message).toContain("data.csv:2: expected 2 cells as in the header, found 1");
  });

  it("say that a data file is not there, or of an unknown format", async () => {
    const absent = await writeBenchmark(SUMS, TEN_LINES, "elsewhere.jsonl");
    expect((await failureOf(absent)).message).toContain("the data file data.jsonl is not there");
    const format = await writeBenchmark(SUMS, TEN_LINES.replace("data.jsonl", "data.txt"), "data.txt");
    expect((await failureOf(format)).message).toContain("ends in .jsonl, .csv, .parquet");
  });
});

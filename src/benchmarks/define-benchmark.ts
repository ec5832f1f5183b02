import { digestOf } from "../base/digest.ts";
import { ConfigError } from "../base/errors.ts";
import type { AnswerKind, Benchmark, PromptTemplate, Sample } from "./benchmark.ts";
import { describeProblems } from "./load-dataset.ts";
import { choosePrompt } from "./prompt.ts";
import { readSamples } from "./read-samples.ts";
import { type BenchmarkFile, benchmarkFileSchema } from "./schema.ts";

/** One problem of a benchmark that is defined in code. */
export interface OwnProblem {
  /** Its number (`mine-0001`) if left out. */
  readonly id?: string | undefined;
  readonly problem: string;
  /** The accepted answer, or several. */
  readonly answer: string | readonly string[];
  /** Kept with the scores and never shown to a model: level, subject. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** How far a number may be off. */
  readonly tolerance?: number | undefined;
  readonly unit?: string | undefined;
}

/** A benchmark that is defined in code. */
export interface OwnBenchmarkDefinition {
  /** Lower-case letters, digits, and _ . - */
  readonly name: string;
  /** A whole number, raised with every change of problems, answers or prompts. */
  readonly version: number;
  readonly description?: string | undefined;
  /** How answers are compared. @default "math" */
  readonly answer?: AnswerKind | undefined;
  /** The ways to ask, the default first: names of built-in templates, or templates with `{problem}`. @default ["plain", "open-rs", "boxed"] */
  readonly prompts?:
    | readonly (string | (Omit<PromptTemplate, "version"> & { readonly version?: number }))[]
    | undefined;
  readonly problems: readonly OwnProblem[];
}

/** A benchmark that is defined in code, checked. */
export interface OwnBenchmark {
  readonly name: string;
  /** The benchmark, asked by one of its prompts or by a built-in one; its first if left out. */
  ask(prompt?: string): Benchmark;
}

/**
 * Makes a benchmark for the `benchmarks` of `planSweep` and `scoreRun`. Its problems go through the checks of a data file. The
 * digest that completions and scores are known by is of problems, answers and prompts together.
 *
 * @throws ConfigError for a name, version or prompt that cannot be one; InputError for problems that cannot be used, with all of them
 */
export function defineBenchmark(definition: OwnBenchmarkDefinition): OwnBenchmark {
  const { name, version, description, answer: kind = "math", prompts, problems } = definition;
  const columns = ["tolerance", "unit"] as const;
  const given = columns.filter((column) => problems.some((problem) => problem[column] !== undefined));
  const declared = declare({
    name,
    version,
    description,
    // Where the problems are: here.
    file: "code",
    fields: { id: "id", problem: "problem", answer: "answer", ...Object.fromEntries(given.map((one) => [one, one])) },
    answer: { kind },
    prompts: prompts === undefined ? undefined : [...prompts],
  });
  const rows = problems.map((one, index) => ({
    tolerance: "",
    unit: "",
    ...one,
    id: one.id ?? `${name}-${String(index + 1).padStart(4, "0")}`,
  }));
  const read = readSamples(rows, declared);
  if (read.problems.length > 0) throw describeProblems(`The benchmark ${name}`, read.problems);
  const samples = read.samples.map((sample, index): Sample => ({ ...sample, labels: { ...problems[index]?.labels } }));
  return {
    name,
    ask: (wanted) => {
      const prompt = choosePrompt(declared, wanted);
      const dataSha256 = digestOf({ samples, kind, prompt });
      return { name, version, description: declared.description, samples, answer: kind, prompt, dataSha256 };
    },
  };
}

function declare(value: unknown): BenchmarkFile {
  const result = benchmarkFileSchema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => `  ${path.map(String).join(".")}: ${message}`);
  throw new ConfigError(["This benchmark cannot be defined:", ...lines].join("\n"));
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { formatBytes } from "../../base/bytes.ts";
import { UsageError } from "../../base/errors.ts";
import { type BenchmarkSummary, checkDataset, describeBenchmark } from "../../benchmarks/check.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { messagesFor } from "../../benchmarks/prompt.ts";
import { pullBenchmark } from "../../benchmarks/pull-dataset.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import { writeGguf } from "../../checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../checkpoints/open-checkpoint.ts";
import { type ChatFormat, readChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import { renderChat } from "../../models/chat-template.ts";
import { alignedText } from "../../report/tables/summary-table.ts";
import { streamReader } from "../../tensors/write/tensor-stream.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { defineCommand, integerOption, jsonFlag, named, textOption } from "../flags/options.ts";
import { downloads } from "../show-downloads.ts";

const rootFlag = { ...textOption("Folder with datasets/ (default: the working directory)"), group: "Input:" };
const nameArgument = {
  type: "string",
  demandOption: true,
  description: "Benchmark, or path of a benchmark.yaml",
} as const;

/** `mergesweep datasets ...`: the benchmarks, their data, and what a model sees of them. */
export function datasetsCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .command(listCommand(context))
        .command(infoCommand(context))
        .command(pullCommand(context))
        .command(checkCommand(context))
        .command(showCommand(context))
        .demandCommand(1, "expected one of: list, info, pull, check, show"),
    handler: () => {},
  });
}

function listCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "list",
    describe: "List the benchmarks and whether their data is on this machine",
    builder: (parser) => parser.options(named({ root: rootFlag, json: jsonFlag })),
    handler: async (args) => {
      const root = args.root ?? process.cwd();
      const names = await listBenchmarkNames(root);
      const summaries = await Promise.all(names.map((name) => describeBenchmark(name, root)));
      if (args.json === true) return terminal.out(JSON.stringify(summaries, null, 2));
      terminal.out(
        alignedText({
          header: ["benchmark", "version", "rows", "prompts (default first)", "data"],
          rows: summaries.map((summary) => [
            summary.name,
            String(summary.version),
            String(summary.rows ?? "?"),
            summary.prompts.join(", "),
            summary.data === null ? "not fetched" : "here",
          ]),
          nameColumns: 5,
        }),
      );
    },
  });
}

function infoCommand({ terminal }: CliContext): CommandModule {
  return defineCommand({
    command: "info <name>",
    describe: "Describe one benchmark: contents, source and licence",
    builder: (parser) => parser.positional("name", nameArgument).options(named({ root: rootFlag, json: jsonFlag })),
    handler: async (args) => {
      const summary = await describeBenchmark(args.name, args.root ?? process.cwd());
      terminal.out(args.json === true ? JSON.stringify(summary, null, 2) : describe(summary));
    },
  });
}

function describe(summary: BenchmarkSummary): string {
  const lines: (readonly [label: string, value: string])[] = [
    ["licence", summary.licence],
    ["rows", String(summary.rows ?? "not declared")],
    ["answers", summary.answer],
    ["prompts", `${summary.prompts.join(", ")} (the first is the default)`],
    ...(summary.prompts.some((name) => name.endsWith("shot"))
      ? ([
          ["few-shot", "exemplars of mergesweep's own: comparable with published scores in kind, not to the digit"],
        ] as const)
      : []),
    ["source", summary.source],
    ["revision", summary.revision ?? "not pinned"],
    ["mirror", summary.mirror ?? "none"],
    ["sha256", summary.sha256 ?? "not declared"],
    ["data", summary.data ?? `not fetched: mergesweep datasets pull ${summary.name}`],
  ];
  const text = lines.map(([label, value]) => `  ${label.padEnd(9)} ${value}`).join("\n");
  return `${summary.name} v${summary.version}: ${summary.description}\n${text}`;
}

function pullCommand({ terminal, signal }: CliContext): CommandModule {
  return defineCommand({
    command: "pull <names..>",
    describe: "Fetch the data of benchmarks, or read it from a file, and verify it",
    builder: (parser) =>
      parser
        .positional("names", { ...nameArgument, array: true })
        .options(
          named({
            from: { ...textOption("A local copy to use instead of fetching"), group: "Input:" },
            hub: { ...textOption("Address of the hub (default: HF_ENDPOINT, or huggingface.co)"), group: "Input:" },
            root: rootFlag,
            json: jsonFlag,
          }),
        )
        .example("$0 datasets pull gsm8k", "from the hub")
        .example("$0 datasets pull gsm8k --from test.jsonl", "from a file"),
    handler: async (args) => {
      if (args.from !== undefined && args.names.length !== 1) {
        throw new UsageError(`--from is one file of one benchmark, found ${args.names.length} benchmarks`);
      }
      const pulled = [];
      for (const name of args.names) {
        terminal.status(`fetching ${name}`);
        const one = await pullBenchmark(name, {
          root: args.root ?? process.cwd(),
          from: args.from,
          hubUrl: args.hub,
          signal,
        });
        for (const note of one.notes) terminal.note(note);
        pulled.push(one);
      }
      terminal.out(
        args.json === true
          ? JSON.stringify(pulled, null, 2)
          : pulled
              .map((one) => {
                const match = one.identical ? "sha256 as declared" : "the declared problems and golds in another file";
                return `${one.name}: ${one.rows} problems, ${formatBytes(one.bytes)}, ${match}, from ${one.from}\n  ${one.path}`;
              })
              .join("\n"),
      );
    },
  });
}

function checkCommand(context: CliContext): CommandModule {
  const { terminal } = context;
  return defineCommand({
    command: "check [names..]",
    describe: "Check local data: digest, rows, duplicates, broken escapes, golds",
    builder: (parser) =>
      parser
        .positional("names", { type: "string", array: true, description: "Benchmarks (default: all)" })
        .options(named({ root: rootFlag, json: jsonFlag })),
    handler: async (args) => {
      const root = args.root ?? process.cwd();
      const names = args.names ?? [];
      const checks = [];
      for (const name of names.length > 0 ? names : await listBenchmarkNames(root)) {
        checks.push(await checkDataset(name, root));
      }
      // Data that was not fetched is a failure only for one who asked for it by name.
      const failed = checks.some(({ status }) => status === "broken" || (status === "absent" && names.length > 0));
      if (failed) context.setExitCode(EXIT.failed);
      terminal.out(
        args.json === true
          ? JSON.stringify(checks, null, 2)
          : checks
              .map(({ name, status, rows, problems }) => {
                const head = `${name}: ${status}${rows === null ? "" : `, ${rows} rows`}`;
                return [head, ...problems.map((problem) => `  ${problem.replaceAll("\n", "\n  ")}`)].join("\n");
              })
              .join("\n"),
      );
    },
  });
}

/** One problem as asked. `text` is all that the model sees; null without a model. */
interface ShownSample {
  readonly id: string;
  readonly golds: readonly string[];
  readonly messages: ReturnType<typeof messagesFor>;
  readonly text: string | null;
  readonly prefill: string | null;
  readonly tokens: number | null;
}

function showCommand(context: CliContext): CommandModule {
  const { terminal } = context;
  return defineCommand({
    command: "show <name>",
    describe: "Print what a model is asked; with --model exactly what it sees, and how many tokens",
    builder: (parser) =>
      parser
        .positional("name", nameArgument)
        .options(
          named({
            prompt: { ...textOption("How to ask (default: the benchmark's first)"), group: "Input:" },
            model: {
              ...textOption("Checkpoint folder or GGUF whose chat template and tokenizer apply"),
              group: "Input:",
            },
            n: { ...integerOption("How many problems (default: 1)", 1), group: "Input:" },
            root: rootFlag,
            json: jsonFlag,
          }),
        )
        .example("$0 datasets show pocket-math --prompt open-rs --model checkpoints/pocket/len -n 2", ""),
    handler: async (args) => {
      const { samples, prompt } = await loadBenchmark(args.name, {
        root: args.root ?? process.cwd(),
        prompt: args.prompt,
        limit: args.n ?? 1,
      });
      const asked = samples.map(({ id, golds, problem }) => ({
        id,
        golds,
        messages: messagesFor(prompt, { problem }),
      }));
      const shown: ShownSample[] =
        args.model === undefined
          ? asked.map((one) => ({ ...one, text: null, prefill: null, tokens: null }))
          : await renderWith(context, args.model, asked);
      terminal.out(
        args.json === true
          ? JSON.stringify(
              { benchmark: args.name, prompt: `${prompt.name} v${prompt.version}`, samples: shown },
              null,
              2,
            )
          : shown.map((one) => describeSample(one, `${prompt.name} v${prompt.version}`)).join("\n\n"),
      );
    },
  });
}

type AskedSample = Pick<ShownSample, "id" | "golds" | "messages">;

async function renderWith(
  context: CliContext,
  modelPath: string,
  asked: readonly AskedSample[],
): Promise<ShownSample[]> {
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-show-"));
  try {
    const { gguf, chat } = modelPath.endsWith(".gguf")
      ? { gguf: modelPath, chat: undefined }
      : await convert(modelPath, folder, context);
    await using runtime = await context.createRuntime();
    await using model = await runtime.load(gguf, {
      contextTokens: 512,
      sequences: 1,
      chat,
      signal: context.signal,
    });
    const shown: ShownSample[] = [];
    for (const one of asked) {
      const { prompt, prefill } = await renderChat(model.chat, one.messages, { signal: context.signal });
      shown.push({ ...one, text: prompt, prefill, tokens: await model.countTokens(prompt) });
    }
    return shown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The engine counts tokens, and it loads GGUF only. */
async function convert(
  modelPath: string,
  folder: string,
  { terminal, signal }: CliContext,
): Promise<{ readonly gguf: string; readonly chat: ChatFormat }> {
  const checkpoint = await openCheckpoint(modelPath, downloads({ terminal, signal }));
  try {
    terminal.status(`converting ${modelPath}`);
    const path = join(folder, "model.gguf");
    await writeGguf(path, checkpoint, streamReader(checkpoint.reader), "bf16", { signal });
    return { gguf: path, chat: await readChatFormat(checkpoint) };
  } finally {
    await checkpoint.close();
  }
}

function describeSample({ id, golds, messages, text, prefill, tokens }: ShownSample, prompt: string): string {
  const facts = [`gold ${golds.join(" or ")}`, `prompt ${prompt}`];
  if (tokens !== null) facts.push(`${tokens} tokens`);
  if (prefill !== null) facts.push(prefill === "" ? "nothing prefilled" : `prefilled ${JSON.stringify(prefill)}`);
  const body = text ?? messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n");
  return `--- ${id} (${facts.join("; ")})\n${body}`;
}

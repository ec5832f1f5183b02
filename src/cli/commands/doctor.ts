import { statfs } from "node:fs/promises";
import { arch, cpus, freemem, platform, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { formatBytes } from "../../base/bytes.ts";
import { countOf } from "../../base/count-of.ts";
import { messageOf } from "../../base/errors.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import type { ModelRuntime } from "../../models/runtime.ts";
import { cacheRoot } from "../../sweep/run/gguf-folder.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { defineCommand, jsonFlag, named } from "../flags/options.ts";
import { openWorkSample, type WorkSample } from "../work-sample.ts";

/** `mergesweep doctor`: what a bug report needs, and whether the runtime starts at all. */
export function doctorCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("model", { type: "string", describe: "Checkpoint for which to show the runtime's settings" })
        .options(named({ json: jsonFlag })),
    handler: async (args) => {
      const facts: Record<string, string> = {
        mergesweep: context.version,
        node: process.version,
        platform: `${platform()} ${arch()}`,
        processor: `${cpus()[0]?.model ?? "unknown"}, ${countOf(context.cores, "core")}`,
        memory: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`,
        "memory file system": await freeSpace("/dev/shm"),
        "working directory": await freeSpace("."),
        cache: cacheRoot(),
        benchmarks: (await listBenchmarkNames(process.cwd())).join(", ") || "none in ./datasets",
        ...(await runtimeFacts(context, args.model)),
      };
      const width = Math.max(...Object.keys(facts).map((name) => name.length));
      const lines = Object.entries(facts).map(([name, fact]) => `${name.padEnd(width)}  ${fact}`);
      context.terminal.out(args.json === true ? JSON.stringify(facts, null, 2) : lines.join("\n"));
    },
  });
}

async function runtimeFacts(context: CliContext, model: string | undefined): Promise<Record<string, string>> {
  let unreadable: Record<string, string> = {};
  await using sample = await openWorkSample(model, context.cores).catch((error: unknown) => {
    context.setExitCode(EXIT.failed);
    unreadable = { "work on": messageOf(error) };
    return undefined;
  });
  try {
    const { workers, why } = sample?.workers ?? { workers: context.cores, why: "one per core" };
    await using runtime = await context.createRuntime({ sharers: workers, models: workers });
    const work = sample === undefined ? unreadable : await describeWork(runtime, sample, context);
    return { runtime: runtime.build, "default workers": `${workers} (${why})`, ...work };
  } catch (error) {
    context.setExitCode(EXIT.failed);
    return { runtime: `does not start: ${messageOf(error)}` };
  }
}

async function describeWork(
  runtime: ModelRuntime,
  { model, path, contextTokens, context: why }: WorkSample,
  context: CliContext,
): Promise<Record<string, string>> {
  try {
    await using loaded = await runtime.load(path, { contextTokens });
    return {
      "work on": model,
      context: `${contextTokens} tokens: ${why}`,
      ...Object.fromEntries((loaded.reasons ?? []).map((reason, i) => [["sequences", "batch"][i] ?? "", reason])),
    };
  } catch (error) {
    context.setExitCode(EXIT.failed);
    return { "work on": `${model}: ${messageOf(error)}` };
  }
}

async function freeSpace(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return `${formatBytes(bavail * bsize)} free`;
  } catch {
    return "none";
  }
}

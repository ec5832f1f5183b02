import { statfs } from "node:fs/promises";
import { arch, cpus, freemem, platform, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { formatBytes } from "../../base/bytes.ts";
import { countOf } from "../../base/count-of.ts";
import { messageOf } from "../../base/errors.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import { cacheRoot } from "../../sweep/gguf-folder.ts";
import type { CliContext } from "../context.ts";
import { describeShape } from "../describe-shape.ts";
import { EXIT } from "../exit-codes.ts";
import { defineCommand, jsonFlag, named } from "../options.ts";

/** `mergesweep doctor`: what a bug report needs, and whether the runtime starts at all. */
export function doctorCommand(context: CliContext): CommandModule {
  return defineCommand({
    command: "doctor [model]",
    describe: "Show versions, machine and runtime: the first thing to put into a bug report",
    builder: (parser) =>
      parser
        .positional("model", { type: "string", describe: "Checkpoint to say of how the runtime would work on it" })
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
        "default workers": `${context.cores} (a process a core; each generates many completions side by side)`,
      };
      const width = Math.max(...Object.keys(facts).map((name) => name.length));
      const lines = Object.entries(facts).map(([name, fact]) => `${name.padEnd(width)}  ${fact}`);
      context.terminal.out(args.json === true ? JSON.stringify(facts, null, 2) : lines.join("\n"));
    },
  });
}

async function runtimeFacts(context: CliContext, model: string | undefined): Promise<Record<string, string>> {
  try {
    await using runtime = await context.createRuntime({ sharers: context.cores });
    const shape = await describeShape(runtime, model).catch((error: unknown) => {
      context.setExitCode(EXIT.failed);
      return messageOf(error);
    });
    return { runtime: runtime.build, ...(shape === undefined ? {} : { "work on a model": shape }) };
  } catch (error) {
    context.setExitCode(EXIT.failed);
    return { runtime: `does not start: ${messageOf(error)}` };
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

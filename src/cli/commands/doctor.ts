import { statfs } from "node:fs/promises";
import { arch, cpus, freemem, platform, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { formatBytes } from "../../base/bytes.ts";
import { messageOf } from "../../base/errors.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import { cacheRoot } from "../../sweep/gguf-folder.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { defineCommand, jsonFlag } from "../options.ts";

/** `mergesweep doctor`: what a bug report needs, and whether the runtime starts at all. */
export function doctorCommand(context: CliContext): CommandModule {
  return defineCommand({
    command: "doctor",
    describe: "Show versions, machine and runtime: the first thing to put into a bug report",
    builder: (parser) => parser.options({ json: jsonFlag }),
    handler: async (args) => {
      const facts: Record<string, string> = {
        mergesweep: context.version,
        node: process.version,
        platform: `${platform()} ${arch()}`,
        processor: `${cpus()[0]?.model ?? "unknown"}, ${context.cores} cores`,
        memory: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`,
        "memory file system": await freeSpace("/dev/shm"),
        "working directory": await freeSpace("."),
        cache: cacheRoot(),
        benchmarks: (await listBenchmarkNames(process.cwd())).join(", ") || "none in ./datasets",
        runtime: await runtimeBuild(context),
        "default workers": `${context.cores} (a process a core; each generates many completions side by side)`,
      };
      const width = Math.max(...Object.keys(facts).map((name) => name.length));
      const lines = Object.entries(facts).map(([name, fact]) => `${name.padEnd(width)}  ${fact}`);
      context.terminal.out(args.json === true ? JSON.stringify(facts, null, 2) : lines.join("\n"));
    },
  });
}

async function runtimeBuild(context: CliContext): Promise<string> {
  try {
    await using runtime = await context.createRuntime();
    return runtime.build;
  } catch (error) {
    context.setExitCode(EXIT.failed);
    return `does not start: ${messageOf(error)}`;
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

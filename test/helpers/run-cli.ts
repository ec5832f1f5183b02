import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { runCli } from "../../src/cli/run-cli.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { createLlamaCppRuntime, type LlamaCppOptions } from "../../src/models/llama-cpp/llama-cpp.ts";
import type { ModelRuntime } from "../../src/models/runtime.ts";
import { projectRoot } from "./shared.ts";

const manifest: { version: string } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line, run in this process; its stderr can be a terminal, if `CI` is not set. */
export async function cli(
  args: readonly string[],
  options: {
    createRuntime?: (settings?: LlamaCppOptions) => Promise<ModelRuntime>;
    signal?: AbortSignal;
    /** What a batch system gave. */
    gpus?: readonly string[];
    isTTY?: boolean;
    columns?: number;
  } = {},
): Promise<CliResult> {
  const written = { stdout: "", stderr: "" };
  const collect = (name: "stdout" | "stderr"): NodeJS.WritableStream =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString("utf8");
        done();
      },
    });
  const stderr = Object.assign(collect("stderr"), { isTTY: options.isTTY === true, columns: options.columns ?? 120 });
  const code = await runCli(args, {
    terminal: createTerminal(collect("stdout"), stderr, args.includes("-q")),
    signal: options.signal ?? new AbortController().signal,
    version: manifest.version,
    cores: 2,
    gpus: options.gpus,
    createRuntime: options.createRuntime ?? ((settings) => createLlamaCppRuntime(settings)),
  });
  return { code, ...written };
}

/** The command line in a process (and process group) of its own, as a person starts it. */
export function spawnCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["--import", "tsx", join(projectRoot, "src/cli/main.ts"), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

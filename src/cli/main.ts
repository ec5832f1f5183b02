#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { isatty } from "node:tty";
import { ownVersion } from "../base/version.ts";
import { readAllotment } from "../cluster/allotment.ts";
import { EXIT, exitCodeOf, Interrupted } from "./exit-codes.ts";
import { runCli } from "./run-cli.ts";
import { createTerminal } from "./terminal.ts";

const args = process.argv.slice(2);
const terminal = createTerminal(process.stdout, process.stderr, args.includes("-q") || args.includes("--quiet"));

// `mergesweep ... | head` closes a pipe early, and a terminal may be closed: the work goes on, its result is in files.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}

const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    const reason = new Interrupted(signal);
    if (interrupt.signal.aborted) {
      // A terminal that is closed says so itself, and by its shell: that is no one's second thought.
      if (signal === "SIGHUP") return;
      process.exit(reason.exitCode);
    }
    terminal.note(`\nStopping cleanly; ${signal === "SIGINT" ? "Ctrl-C" : "SIGTERM"} again stops at once.`);
    interrupt.abort(reason);
  });
}

// Node keeps SIGUSR1 for its debugger.
const drain = new AbortController();
process.on("SIGUSR2", () => {
  terminal.note("Stopping once the completions in progress are finished.");
  drain.abort();
});

/** What has to be typed: from a checkout there is no `mergesweep` on the PATH, but one of package.json's scripts. */
function programOf({ npm_lifecycle_event: event = "", npm_lifecycle_script: script = "" }: NodeJS.ProcessEnv): string {
  if (["mergesweep", "sweep"].includes(event)) return "npm run -s mergesweep --";
  // Other programs that npx runs may start this one.
  return event === "npx" && /^['"]?mergesweep\b/.test(script) ? "npx mergesweep" : "mergesweep";
}

// A node may be shared with others.
const allotted = readAllotment();

process.exitCode = await runCli(args, {
  terminal,
  version: ownVersion(),
  program: programOf(process.env),
  signal: interrupt.signal,
  drain: drain.signal,
  cores: Math.min(availableParallelism(), allotted?.cpus ?? Number.POSITIVE_INFINITY),
  gpus: allotted?.gpus,
  async createRuntime(options = {}) {
    const { createLlamaCppRuntime } = await import("../models/llama-cpp/llama-cpp.ts");
    const runtime = await createLlamaCppRuntime(options);
    if (runtime.notice !== undefined) terminal.note(runtime.notice);
    return runtime;
  },
});

if (onTerminal && exitCodeOf(interrupt.signal.reason) === EXIT.hungUp) {
  // At its end Node gives the terminal its settings back, and aborts where that is gone. The signal itself ends it without.
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}

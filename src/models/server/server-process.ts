import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { WorkError } from "../../base/errors.ts";
import { OutputTail } from "../output-tail.ts";
import { EngineDied } from "../runtime.ts";
import type { ShellCommand } from "./shell-command.ts";

/** Between two looks at whether a server is up. */
const LOOK_MILLISECONDS = 250;

/** What a server may take to end after it was asked to, and those that it started after it; what is left is killed. */
const GRACE_MILLISECONDS = 10_000;
const CHILDREN_GRACE_MILLISECONDS = 2000;

/**
 * Around the command: ends its whole process group when this process is gone, however it went. The pipe at 3 closes then.
 * `kill 0` is the group, of which the shell is the first.
 */
const WATCHED = "{ cat <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-; ";

/** A server of somebody else's, run by a shell command in a process group of its own. */
export class ServerProcess {
  readonly #command: string;
  readonly #child: ChildProcess;
  readonly #output = new OutputTail();
  readonly #death = new AbortController();

  constructor({ command, environment }: ShellCommand) {
    this.#command = command;
    this.#child = spawn("/bin/sh", ["-c", `${WATCHED}${command}`], {
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#output.add(text));
    }
    this.#child.once("error", (error) => {
      this.#death.abort(new WorkError(`Expected the command to start: ${command}`, { cause: error }));
    });
    // The last output comes after the exit; a moment is enough, and "close" would wait for processes that outlive the shell.
    this.#child.once("exit", (code, signal) => {
      setTimeout(() => this.#death.abort(this.#describeDeath(code, signal)), 100);
    });
  }

  /** Aborted when the server ends by itself; its reason is an EngineDied with the last lines. */
  get died(): AbortSignal {
    return this.#death.signal;
  }

  /**
   * Waits until one of the addresses answers that all is well.
   *
   * @throws EngineDied if the server ends before; WorkError if the time is up; `signal.reason` if aborted
   */
  async ready(urls: readonly URL[], seconds: number, signal: AbortSignal | undefined): Promise<void> {
    const stop = signal === undefined ? this.died : AbortSignal.any([signal, this.died]);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      stop.throwIfAborted();
      const looks = await Promise.all(urls.map((url) => isWell(url, stop)));
      if (looks.includes(true)) return;
      await wait(LOOK_MILLISECONDS, undefined, { signal: stop }).catch(() => {});
    }
    throw new WorkError(
      `The server did not answer ${urls.map(({ href }) => href).join(" or ")} within ${seconds} seconds. ${this.#output.describe()}`,
      { hint: `It was started by: ${this.#command}` },
    );
  }

  /** Asks the whole process group to end, and kills it if it does not. */
  async stop(): Promise<void> {
    const ended = this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
    if (!ended) {
      this.#signal("SIGTERM");
      const exited = once(this.#child, "exit");
      const late = new AbortController();
      await Promise.race([exited, wait(GRACE_MILLISECONDS, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    }
    // What the command started and left behind.
    const end = performance.now() + CHILDREN_GRACE_MILLISECONDS;
    while (performance.now() < end && this.#signal(0)) await wait(LOOK_MILLISECONDS / 5);
    this.#signal("SIGKILL");
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  /** Whether there was anybody in the group to get the signal. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#child.pid === undefined) return false;
    try {
      return process.kill(-this.#child.pid, signal);
    } catch {
      return false;
    }
  }

  #describeDeath(code: number | null, signal: NodeJS.Signals | null): EngineDied {
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    return new EngineDied(`The server ${how}. ${this.#output.describe()}`, {
      hint: `It was started by: ${this.#command}`,
    });
  }
}

async function isWell(url: URL, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(10 * LOOK_MILLISECONDS)]);
  return await fetch(url, { signal: limit }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** A TCP port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new WorkError("Expected a free port, found none");
  return address.port;
}

import type { ChildProcess } from "node:child_process";
import { InputError, WorkError } from "../../base/errors.ts";
import { forkModule } from "../../base/threads/fork-module.ts";
import type { TemplateValues } from "./render-template.ts";
import { RENDER_SECONDS, type RenderReply, type RenderRequest } from "./template-protocol.ts";

/** Of objects and texts in the process that renders: real templates take a few. */
const MEMORY_MEGABYTES = 256;
/** A process that has not begun after so long never will. */
const START_SECONDS = 60;
/** The process ends a rendering by itself; what it cannot end, is ended with it. */
const GRACE_SECONDS = 5;

interface Waiting {
  readonly source: string;
  readonly values: TemplateValues;
  readonly date: string | undefined;
  readonly resolve: (text: string) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Renders templates in a process of its own, which is started for the first and used for all: whatever a template does, this
 * process goes on. While something is waiting, it keeps this process alive, at other times not.
 */
export class TemplateProcess {
  #child: ChildProcess | undefined;
  #isReady = false;
  #watch: NodeJS.Timeout | undefined;
  #waiting: Waiting[] = [];
  readonly #numbers = new Map<string, number>();

  /**
   * @throws InputError with what is wrong with the template, or that it takes too much; WorkError if no process can be
   *   started; `signal.reason` at once if aborted
   */
  render(
    source: string,
    values: TemplateValues,
    { date, signal }: { readonly date?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = (): void => reject(signal?.reason);
      const settled = (): void => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort, { once: true });
      const request: Waiting = {
        source,
        values,
        date,
        resolve: (text) => {
          settled();
          resolve(text);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      };
      this.#waiting.push(request);
      if (this.#child === undefined) this.#start();
      else this.#send(request);
      if (this.#waiting.length === 1) this.#look();
    });
  }

  /** Starts a process, and asks it for all that waits. */
  #start(): void {
    this.#isReady = false;
    this.#numbers.clear();
    const child = forkModule("./template-child", import.meta.url, {
      execArgv: [`--max-old-space-size=${MEMORY_MEGABYTES}`],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    child.on("message", (reply: RenderReply) => this.#receive(reply));
    child.once("error", (error) => this.#end(child, error));
    // What it said before it ended is read first.
    child.once("exit", () => {
      if (child.connected) child.once("disconnect", () => this.#end(child));
      else this.#end(child);
    });
    for (const request of this.#waiting) this.#send(request);
    this.#look();
  }

  #send({ source, values, date }: Waiting): void {
    const known = this.#numbers.get(source);
    const template = known ?? this.#numbers.size;
    this.#numbers.set(source, template);
    const request: RenderRequest = { template, source: known === undefined ? source : undefined, values, date };
    // A process that ended in this moment is reported by its "exit".
    this.#child?.send(request, () => {});
  }

  #receive(reply: RenderReply): void {
    if ("ready" in reply) this.#isReady = true;
    else {
      const request = this.#waiting.shift();
      if ("text" in reply) request?.resolve(reply.text);
      else request?.reject(new InputError(reply.error));
    }
    this.#look();
  }

  /** Whatever is first in line, has its time from now on. */
  #look(): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    const child = this.#child;
    if (this.#waiting.length === 0) {
      child?.unref();
      child?.channel?.unref();
      return;
    }
    child?.ref();
    child?.channel?.ref();
    const seconds = this.#isReady ? RENDER_SECONDS + GRACE_SECONDS : START_SECONDS;
    this.#watch = setTimeout(() => child?.kill("SIGKILL"), seconds * 1000).unref();
  }

  /** The process is gone: by what was first in line, if it had begun. The others are asked for again. */
  #end(child: ChildProcess, cause?: unknown): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#isReady) {
      const reason = `it takes more than ${MEMORY_MEGABYTES} MB or ${RENDER_SECONDS} seconds: the process that rendered it is gone`;
      this.#waiting.shift()?.reject(new InputError(reason));
    } else {
      const failure = new WorkError("The process that renders chat templates could not be started", { cause });
      for (const { reject } of this.#waiting) reject(failure);
      this.#waiting = [];
    }
    if (this.#waiting.length > 0) this.#start();
    else this.#look();
  }
}

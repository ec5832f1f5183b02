import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { WorkError } from "../../base/errors.ts";
import { forkModule } from "../../base/threads/fork-module.ts";
import { OutputTail } from "../output-tail.ts";
import { EngineDied } from "../runtime.ts";
import {
  type CallName,
  type ChildCalls,
  ONE_THREAD,
  type ProgressMessage,
  type ReplyMessage,
} from "./child-protocol.ts";

/** How often a silent child is looked at. Counted in turns and not by the clock, so that a suspended machine does no harm. */
const WATCH_MILLISECONDS = 1000;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A process of its own for the native code, and the calls to it. While calls are pending it keeps this process alive, at
 * other times not. It ends when this process does.
 */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextCall = 1;
  readonly #output = new OutputTail();
  #death: EngineDied | undefined;
  readonly #exited: Promise<void>;
  readonly #hangSeconds: number;
  #watch: NodeJS.Timeout | undefined;
  #silentTurns = 0;
  #progress = -1;

  /** @param device the number of the one GPU that it sees; all of them if left out */
  constructor({ hangSeconds, device }: { hangSeconds: number; device?: string | undefined }) {
    this.#hangSeconds = hangSeconds;
    this.#child = forkChild(device);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream instanceof Socket) stream.unref();
      stream?.setEncoding("utf8").on("data", (text: string) => this.#output.add(text));
    }
    this.#child.on("message", (message: ReplyMessage | ProgressMessage) => {
      if ("progress" in message) this.#advance(message.progress);
      else this.#receive(message);
    });
    // "close" comes after the last output was read; a process that could not be started has only "error".
    this.#exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#die(describeDeath(code, signal, this.#output));
        resolve();
      });
      this.#child.once("error", (error) => {
        this.#die(new EngineDied("The process for llama.cpp could not be started", { cause: error }));
        if (this.#child.pid === undefined) resolve();
      });
    });
    this.#keepAlive(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#death === undefined && this.#running;
  }

  get #running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * @throws WorkError with the child's message; EngineDied; `signal.reason` at once if aborted
   */
  call<Name extends CallName>(
    name: Name,
    args: ChildCalls[Name]["arguments"],
    signal?: AbortSignal,
  ): Promise<ChildCalls[Name]["result"]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#death !== undefined) throw this.#death;
      const id = this.#nextCall++;
      const abort = (): void => {
        if (!this.#pending.delete(id)) return;
        this.#send("abort", this.#nextCall++, { call: id });
        this.#keepAlive(this.#pending.size > 0);
        reject(signal?.reason);
      };
      const settled = (): void => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      });
      this.#keepAlive(true);
      this.#send(name, id, args);
    });
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#running) this.#child.kill("SIGKILL");
    // Its pipes may close after it, and do not keep this process alive: without a timer it would end in the middle of this.
    const awake = setInterval(() => {}, WATCH_MILLISECONDS);
    try {
      await this.#exited;
    } finally {
      clearInterval(awake);
    }
  }

  #send<Name extends CallName>(name: Name, id: number, args: ChildCalls[Name]["arguments"]): void {
    // A child that died in this moment is reported by its "close".
    if (this.#child.connected) this.#child.send({ id, name, arguments: args }, () => {});
  }

  #receive(reply: ReplyMessage): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    this.#silentTurns = 0;
    this.#keepAlive(this.#pending.size > 0);
    if ("error" in reply) pending.reject(new WorkError(reply.error.message, { hint: reply.error.hint }));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the channel are of one version
    else pending.resolve(reply.result as never);
  }

  /** The child says how far it is: the same number again means that it stands still. */
  #advance(progress: number): void {
    if (progress !== this.#progress) this.#silentTurns = 0;
    this.#progress = progress;
  }

  #look(): void {
    this.#silentTurns++;
    if (this.#silentTurns * WATCH_MILLISECONDS < this.#hangSeconds * 1000) return;
    this.#die(
      new EngineDied(
        `The process that runs llama.cpp has not advanced for ${this.#hangSeconds} seconds, and was ended. ${this.#output.describe()}`,
      ),
    );
    this.#child.kill("SIGKILL");
  }

  #die(death: EngineDied): void {
    this.#keepAlive(false);
    this.#death ??= death;
    for (const { reject } of this.#pending.values()) reject(this.#death);
    this.#pending.clear();
  }

  #keepAlive(needed: boolean): void {
    if (needed) {
      if (this.#watch === undefined) {
        this.#silentTurns = 0;
        this.#watch = setInterval(() => this.#look(), WATCH_MILLISECONDS).unref();
      }
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      clearInterval(this.#watch);
      this.#watch = undefined;
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }
}

/**
 * Settings of glibc's allocator that give the memory of a model back when it is disposed of. By default every freed block
 * raises the size from which blocks are mapped one by one (up to 32 MiB): after some models caches and compute buffers lie
 * in the heaps of several threads, which fragment, and a process that held 160 MB grows beyond 300.
 */
const FLAT_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20), MALLOC_ARENA_MAX: "1" } as const;

/** How CUDA, ROCm and Vulkan are told which GPUs there are for a process. */
const DEVICE_VARIABLES = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES"];

function forkChild(device: string | undefined): ChildProcess {
  const only = device === undefined ? {} : Object.fromEntries(DEVICE_VARIABLES.map((name) => [name, device]));
  return forkModule("./llama-cpp-child", import.meta.url, {
    // The child collects garbage when a model is unloaded: native memory hangs on small objects that V8 sees no reason to free.
    execArgv: ["--expose-gc", "--single-threaded-gc"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A failed assertion would start a debugger to print a backtrace, if there is one on the machine.
    env: { ...FLAT_MEMORY, ...ONE_THREAD, ...process.env, ...only, GGML_NO_BACKTRACE: "1" },
  });
}

function describeDeath(code: number | null, signal: NodeJS.Signals | null, output: OutputTail): EngineDied {
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  return new EngineDied(`The process that runs llama.cpp ${how}. ${output.describe()}`, {
    hint:
      signal === "SIGKILL"
        ? "If nobody ended it by hand, the machine may have run out of memory: fewer --workers or --sequences take less."
        : undefined,
  });
}

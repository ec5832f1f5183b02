import { parentPort, type Worker } from "node:worker_threads";
import { startThread } from "./start-thread.ts";
import { type PackedError, packError, unpackError } from "./thread-errors.ts";

interface Call<Input> {
  readonly index: number;
  readonly input: Input;
}

type Reply<Output> = { readonly index: number } & ({ readonly output: Output } | PackedError);

/** A function, and the module whose thread answers calls of it. */
export interface ThreadFunction<Input, Output> {
  readonly call: (input: Input) => Promise<Output>;
  /** It ends with `answerCalls`. */
  readonly module: URL;
}

/**
 * The outputs of a function beside its inputs, in their order. Threads get all inputs at once and go on while this thread is busy;
 * without any, the work is done here, one input after the other, as outputs are asked for.
 *
 * @param inputs plain data, as outputs are
 * @throws what the function throws
 */
export function mapInThreads<Input, Output>(
  { call, module }: ThreadFunction<Input, Output>,
  inputs: readonly Input[],
  threads: number,
): AsyncGenerator<readonly [Input, Output]> {
  return threads > 0 ? inOrder(inputs, startCalls<Output>(module, inputs, threads)) : oneByOne(call, inputs);
}

async function* oneByOne<Input, Output>(
  call: (input: Input) => Promise<Output>,
  inputs: readonly Input[],
): AsyncGenerator<readonly [Input, Output]> {
  for (const input of inputs) yield [input, await call(input)];
}

async function* inOrder<Input, Output>(
  inputs: readonly Input[],
  { outputs, end }: ThreadCalls<Output>,
): AsyncGenerator<readonly [Input, Output]> {
  try {
    for (const input of inputs) {
      const output = outputs.shift();
      if (output !== undefined) yield [input, await output];
    }
  } finally {
    await end();
  }
}

interface ThreadCalls<Output> {
  /** In the order of the inputs. What was handed over is not held any more. */
  readonly outputs: Promise<Output>[];
  readonly end: () => Promise<void>;
}

function startCalls<Output>(module: URL, inputs: readonly unknown[], most: number): ThreadCalls<Output> {
  const count = Math.min(inputs.length, most);
  const threads = Array.from({ length: count }, () => new CallThread<Output>(module));
  return {
    outputs: inputs.flatMap((input, index) => threads[index % count]?.call({ index, input }) ?? []),
    end: async () => void (await Promise.all(threads.map((thread) => thread.end()))),
  };
}

class CallThread<Output> {
  readonly #thread: Worker;
  readonly #open = new Map<number, { resolve: (output: Output) => void; reject: (reason: unknown) => void }>();

  constructor(module: URL) {
    this.#thread = startThread(module);
    this.#thread.on("message", (reply: Reply<Output>) => {
      const call = this.#open.get(reply.index);
      this.#open.delete(reply.index);
      if ("output" in reply) call?.resolve(reply.output);
      else call?.reject(unpackError(reply));
      if (this.#open.size === 0) void this.end();
    });
    this.#thread.on("error", (error) => this.#rejectAll(error));
    this.#thread.on("exit", () => this.#rejectAll(new Error("A thread ended before its work was done")));
  }

  call(call: Call<unknown>): Promise<Output> {
    const output = new Promise<Output>((resolve, reject) => this.#open.set(call.index, { resolve, reject }));
    // Whoever asks for an output hears of its failure; until then it is not "unhandled".
    output.catch(() => {});
    this.#thread.postMessage(call, []);
    return output;
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #rejectAll(reason: unknown): void {
    for (const { reject } of this.#open.values()) reject(reason);
    this.#open.clear();
  }
}

/** The other end of `mapInThreads`: answers the calls of this thread one after the other. */
export function answerCalls(answer: (input: never) => Promise<unknown>): void {
  let last = Promise.resolve();
  const reply = async ({ index, input }: Call<never>): Promise<void> => {
    try {
      parentPort?.postMessage({ index, output: await answer(input) } satisfies Reply<unknown>, []);
    } catch (error) {
      parentPort?.postMessage({ index, ...packError(error) } satisfies Reply<unknown>, []);
    }
  };
  parentPort?.on("message", (call: Call<never>) => {
    last = last.then(() => reply(call));
  });
}

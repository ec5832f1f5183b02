import { MergesweepError, messageOf, WorkError } from "../../base/errors.ts";
import type { CallMessage, CallName, ChildCalls, ProgressMessage, ReplyMessage } from "./child-protocol.ts";
import { DecodeLoop } from "./decode-loop.ts";
import { type NativeEngine, type NativeModel, type NativeWeights, startNativeEngine } from "./native/native-model.ts";
import { cpuClock, probeSpeed, wallClock } from "./probe-speed.ts";
import { chooseRuntimeShape, onGpu, PROBED_SEQUENCES, type ProbedSpeed } from "./runtime-shape.ts";

/*
 * The child process that llama.cpp runs in: a failed assertion or a wild pointer in the native code ends this process and
 * nothing else. It answers the calls of `child-protocol.ts` and prints nothing of its own; what the native code prints is
 * kept by the parent for the error message.
 */

/**
 * For so many slots one more completion is asked for, to wait: a slot that falls free is filled in the same step, without
 * the way to the parent and back, and the next prompt is known (see `shared-prompt.ts`).
 */
const SLOTS_PER_WAITING = 4;

/** The least context that llama.cpp makes. */
const PROBE_CONTEXT_TOKENS = 256;

interface Loaded {
  readonly weights: NativeWeights;
  readonly native: NativeModel;
  readonly loop: DecodeLoop;
}

const models = new Map<number, Loaded>();
const completing = new Map<number, AbortController>();
let engine: NativeEngine | undefined;
let nextModel = 1;

async function answer(call: CallMessage): Promise<ChildCalls[CallName]["result"]> {
  switch (call.name) {
    case "start":
      engine ??= await startNativeEngine(call.arguments);
      return { build: engine.build, notice: engine.notice };
    case "load":
      return await load(call.arguments);
    case "countTokens":
      return modelOf(call.arguments.model).loop.tokenize(call.arguments.text).length;
    case "complete": {
      const controller = new AbortController();
      completing.set(call.id, controller);
      try {
        return await modelOf(call.arguments.model).loop.complete(call.arguments.request, controller.signal);
      } finally {
        completing.delete(call.id);
      }
    }
    case "abort":
      completing.get(call.arguments.call)?.abort();
      return null;
    case "unload":
      await unload(call.arguments.model);
      return null;
    default:
      throw new Error(`Expected a call of the protocol, found ${JSON.stringify(call)}`);
  }
}

async function unload(model: number): Promise<void> {
  const loaded = models.get(model);
  models.delete(model);
  await loaded?.loop.stop();
  await loaded?.native.dispose();
  await loaded?.weights.dispose();
  globalThis.gc?.();
}

async function load({ modelPath, ...request }: ChildCalls["load"]["arguments"]): Promise<ChildCalls["load"]["result"]> {
  if (engine === undefined) throw new Error("Expected the engine to be started before a model is loaded");
  const weights = await engine.loadWeights(modelPath);
  try {
    const probed = request.sequences === undefined ? await probe(weights, engine.onGpu) : [];
    const asked = engine.onGpu ? onGpu(request, weights.facts, await engine.freeGpuBytes()) : request;
    const { sequences, batchTokens, reasons } = chooseRuntimeShape(weights.facts, asked, probed);
    const { contextTokens } = request;
    const native = await weights.openContext({ contextTokens, sequences: sequences + 1, batchTokens });
    const slots = native.sequences - 1;
    const model = nextModel++;
    models.set(model, { weights, native, loop: new DecodeLoop(native, slots) });
    return {
      model,
      chat: { template: native.chatTemplate, bosToken: native.bosToken, eosToken: native.eosToken },
      inFlight: slots + Math.ceil(slots / SLOTS_PER_WAITING),
      reasons,
    };
  } catch (error) {
    await weights.dispose();
    throw error;
  }
}

/** Models of one shape are equally fast: the merges of a sweep are measured once. */
const probes = new Map<string, readonly ProbedSpeed[]>();

async function probe(weights: NativeWeights, isOnGpu: boolean): Promise<readonly ProbedSpeed[]> {
  const shape = JSON.stringify(weights.facts);
  const known = probes.get(shape);
  if (known !== undefined) return known;
  const counts = PROBED_SEQUENCES[isOnGpu ? "gpu" : "cpu"];
  const native = await weights.openContext({
    contextTokens: PROBE_CONTEXT_TOKENS,
    sequences: Math.max(...counts),
    batchTokens: PROBE_CONTEXT_TOKENS,
  });
  try {
    const speeds = await probeSpeed(native, counts, isOnGpu ? wallClock : cpuClock);
    probes.set(shape, speeds);
    return speeds;
  } finally {
    await native.dispose();
  }
}

function modelOf(model: number): Loaded {
  const loaded = models.get(model);
  if (loaded === undefined) throw new WorkError("Expected a model that is loaded, found one that was disposed of");
  return loaded;
}

function errorOf(error: unknown): { message: string; hint?: string | undefined } {
  return { message: messageOf(error), hint: error instanceof MergesweepError ? error.hint : undefined };
}

function send(message: ReplyMessage | ProgressMessage): void {
  if (process.connected) process.send?.(message);
}

/**
 * How often the parent is told that work advances. Decoding advances by steps; other calls (loading) cannot be looked into,
 * there it says that this process is not stopped.
 */
const PROGRESS_MILLISECONDS = 500;
let answering = 0;
let progress = 0;

setInterval(() => {
  if (answering === 0) return;
  let steps = 0;
  for (const { loop } of models.values()) steps += loop.steps;
  progress = completing.size > 0 ? steps : progress + 1;
  send({ progress });
}, PROGRESS_MILLISECONDS);

process.on("message", (call: CallMessage) => {
  answering++;
  void answer(call)
    .then(
      (result) => send({ id: call.id, result }),
      (error: unknown) => send({ id: call.id, error: errorOf(error) }),
    )
    .finally(() => answering--);
});

// A Ctrl-C goes to the whole process group, a scheduler's TERM to every process of the job: the parent decides what happens.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

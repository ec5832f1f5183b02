import { availableParallelism } from "node:os";
import { createLlamaCppRuntime, type LlamaCppOptions } from "../../models/llama-cpp/llama-cpp.ts";
import { usableMemory } from "../../models/llama-cpp/usable-memory.ts";
import type { ModelRuntime } from "../../models/runtime.ts";
import type { RunProgress } from "../../runs/leases/progress.ts";
import type { RunSetup } from "../../runs/setup.ts";
import { chooseWorkers, plannedModels, type WorkerChoice } from "../plan/choose-workers.ts";
import type { SweepPlan } from "../plan/plan.ts";
import { DEFAULT_CACHE_LIMIT } from "./gguf-folder.ts";
import type { SweepEvent } from "./sweep-event.ts";

/** How a sweep is set down in its store. */
export interface SetDownOptions {
  /** The run store's folder. @default the plan's `store`, which is runs/<name> */
  readonly out?: string | undefined;
  /** What the plan was made from, kept for workers that come later. */
  readonly setup?: RunSetup | undefined;
  /** Names what is asked in all, if that is more than the plan: workers share a store if it is the same. */
  readonly asked?: string | undefined;
  /** Points to make again though they are done; what is stored of them is moved aside. */
  readonly again?: readonly string[] | undefined;
  /** Seconds of silence after which a worker has lost its leases. @default 120 */
  readonly leaseSeconds?: number | undefined;
  /** Ends the sweep in order: all that was answered is saved, and the same plan goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told what happens; `progress` says how far the sweep is after the event. */
  readonly onEvent?: ((event: SweepEvent, progress: () => RunProgress) => void) | undefined;
}

/** How a sweep is run. Nothing of it changes a completion. */
export interface SweepOptions extends SetDownOptions {
  /**
   * Runtimes (processes) at work. Each takes a unit of its own while there are any, and helps with another's then.
   *
   * @default as many as have a core and memory each; one with a GPU or a server
   */
  readonly workers?: number | undefined;
  /** Starts a runtime. @default llama.cpp as the plan has it, in a process of its own, or the plan's server */
  readonly createRuntime?: ((signal: AbortSignal) => Promise<ModelRuntime>) | undefined;
  /** Completions a runtime generates side by side. @default chosen by the runtime */
  readonly sequences?: number | undefined;
  /** A folder that keeps the weights of every point, as they were loaded. */
  readonly keepGguf?: string | undefined;
  /** Bytes that merged files may take in the cache folder. @default 50 GB */
  readonly cacheLimit?: number | undefined;
  /** Whether points that another build of the runtime has begun are gone on with. @default false */
  readonly mixedHardware?: boolean | undefined;
  /** Aborted when nothing more is to be begun: what is under way is finished. */
  readonly drain?: AbortSignal | undefined;
}

/** What became of a sweep. */
export interface SweepOutcome {
  /** Points that have a result now, those of earlier runs included. */
  readonly done: number;
  /** Points that were tried in vain; the same plan tries them again. */
  readonly failed: readonly { readonly point: string; readonly message: string }[];
  /** Points that are not done, because `drain` asked this worker to end. */
  readonly left: number;
}

/** The same with everything chosen. */
export interface SettledOptions extends SweepOptions {
  readonly out: string;
  readonly workers: number;
  readonly createRuntime: (signal: AbortSignal) => Promise<ModelRuntime>;
  readonly cacheLimit: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: SweepEvent, progress: () => RunProgress) => void;
}

/** Fills in what a caller leaves out. */
export function settleOptions(plan: SweepPlan, options: SweepOptions): SettledOptions {
  const { workers = planWorkers(plan).workers } = options;
  return {
    ...options,
    out: options.out ?? plan.store,
    workers,
    createRuntime: options.createRuntime ?? runtimeStarter(plan, { workers }),
    cacheLimit: options.cacheLimit ?? DEFAULT_CACHE_LIMIT,
    signal: options.signal ?? new AbortController().signal,
    onEvent: options.onEvent ?? (() => {}),
  };
}

/** How many runtimes a sweep has if nobody says, and why where that is fewer than there are cores. */
export function planWorkers(
  plan: SweepPlan,
  { cores = availableParallelism(), devices = [] }: { cores?: number; devices?: readonly string[] } = {},
): WorkerChoice {
  // A server has all of the machine, or is another machine; a GPU is one's alone.
  if (plan.server !== undefined || plan.engine.gpu === "auto") return { workers: devices.length || 1, why: "" };
  const { contextTokens } = plan.settings;
  const chosen = chooseWorkers({ models: plannedModels(plan), contextTokens, cores, memoryBytes: usableMemory() });
  return chosen.workers < cores ? chosen : { workers: chosen.workers, why: "" };
}

/** How runtimes are started: what is left out is chosen. */
interface StartSettings extends Pick<LlamaCppOptions, "hangSeconds" | "batchTokens"> {
  readonly workers: number;
  /** Numbers of GPUs: each runtime gets one, in turn. */
  readonly devices?: readonly string[] | undefined;
  /** Starts llama.cpp. */
  readonly start?: ((options: LlamaCppOptions) => Promise<ModelRuntime>) | undefined;
}

/** What starts the runtimes of a plan, one after the other. */
export function runtimeStarter(
  { server, engine, units }: SweepPlan,
  { workers, devices = [], start = createLlamaCppRuntime, ...settings }: StartSettings,
): (signal: AbortSignal) => Promise<ModelRuntime> {
  let next = 0;
  return async (signal) => {
    if (server !== undefined) return server.createRuntime();
    const device = devices[next++ % devices.length];
    return await start({
      ...engine,
      ...settings,
      sharers: workers,
      models: Math.min(workers, units.length),
      device,
      signal,
    });
  };
}

import { siblingModule } from "../base/threads/start-thread.ts";
import { openFileSource } from "../tensors/file-source.ts";
import type { Pause, RemoteStream, TensorStream } from "../tensors/write/tensor-stream.ts";
import { mergeTensor, type TensorDraws } from "./merge-tensor.ts";
import { mergeMethodOf } from "./methods/index.ts";
import type { MergeMethod, TensorMerge } from "./methods/method.ts";
import type { PlannedTensor } from "./plan/planned-tensor.ts";

/** One tensor's merge as plain data: a thread that reads the files by itself makes it. */
export interface RemoteMerge {
  readonly method: string;
  readonly tensor: TensorMerge;
  /** Of each input of the tensor. */
  readonly sources: readonly { readonly file: string; readonly position: number }[];
  readonly draws: TensorDraws;
}

/** Measured: a tensor that is surveyed takes some 16 times as long as one that is averaged. */
const SURVEY_COST = 16;

const MODULE = siblingModule("./merge-thread", import.meta.url);

/**
 * How a thread makes the tensor; undefined if it has an input that is computed while it is read, and in no file, or if its
 * method is none that the thread knows.
 */
export function remoteMerge(method: MergeMethod, planned: PlannedTensor, draws: TensorDraws): RemoteStream | undefined {
  if (mergeMethodOf(method.name) !== method) return undefined;
  const sources: { file: string; position: number }[] = [];
  for (const { tensor } of planned.inputs) {
    if (tensor.file === undefined) return undefined;
    sources.push({ file: tensor.file, position: tensor.position });
  }
  const inputs = planned.inputs.map(({ dtype, isBase, parameters }) => ({ dtype, isBase, parameters }));
  const task: RemoteMerge = { method: method.name, tensor: { ...planned, inputs }, sources, draws };
  // Draws are made one after the other: a thread that goes forward only makes each once.
  const inOrder = method.kind === "surveyed" && method.draws !== undefined;
  return { module: MODULE, task, inOrder, cost: method.kind === "surveyed" ? SURVEY_COST : 1 };
}

/** The stream of a tensor, in the thread that makes it. */
export function openRemoteMerge({ method: name, tensor, sources, draws }: RemoteMerge): TensorStream {
  const method = mergeMethodOf(name);
  if (method === undefined) throw new Error(`There is no method ${name}`);
  const { dtype, shape } = tensor;
  const chunks = async function* chunksOf(pause?: Pause): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const opened = await Promise.all(sources.map(({ file }) => openFileSource(file)));
    try {
      const reads = sources.map(
        ({ position }, index) =>
          (start: number, into: Uint8Array): Promise<void> =>
            opened[index]?.read(position + start, into) ?? Promise.resolve(),
      );
      yield* mergeTensor(method, tensor, reads, draws, pause);
    } finally {
      for (const source of opened) await source.close();
    }
  };
  return { name: tensor.name, dtype, shape, chunks };
}

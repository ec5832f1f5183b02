import { createHash } from "node:crypto";
import { InputError } from "../../base/errors.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { readModelConfig } from "../../checkpoints/config.ts";
import { isLeftOut, tensorChange } from "../../checkpoints/tensor-names.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import type { TensorStream } from "../../tensors/write/tensor-stream.ts";
import { type DigestedTensor, tensorsDigest } from "../../tensors/write/tensors-digest.ts";
import { EMBEDDING, HEAD } from "../merged-tensors.ts";
import type { MergePlan } from "../plan/plan.ts";
import { mergeStreams } from "../run-merge.ts";
import {
  compareTensor,
  type ElementDifferences,
  isSameTensor,
  type PublishedTensor,
  publishedTensor,
  type TensorDifference,
} from "./compare-tensors.ts";
import { estimateWeights } from "./estimate-weights.ts";
import { type Explanation, explainByDamage, explainByDraws, explainByWeights, snappedWeights } from "./explain.ts";
import { type Hypothesis, hypotheses, type PlanAgain } from "./hypotheses.ts";

export interface Verification {
  /** Whether every tensor of the recipe's merge is published, bit for bit, and no other. */
  readonly identical: boolean;
  /** How many tensors the recipe makes. */
  readonly tensors: number;
  readonly differences: readonly TensorDifference[];
  /** Tensors that the recipe makes and that are not published. */
  readonly missing: readonly string[];
  /** Tensors that are published and that the recipe does not make. */
  readonly extra: readonly string[];
  /** Of the merge that was made again: the published weights' own if they are identical. */
  readonly weightsSha256: string;
  /** Undefined if they are identical. */
  readonly explanation: Explanation | undefined;
}

export interface VerifyOptions {
  /** To test an explanation. */
  readonly planAgain: PlanAgain;
  readonly signal?: AbortSignal | undefined;
  /** After each tensor. */
  readonly onTensor?: ((done: number, of: number) => void) | undefined;
}

/**
 * Makes a merge again, tensor by tensor, compares it with a published one, and where they differ looks for what explains
 * it. Nothing is written, and never more than pieces of tensors are held.
 */
export async function verifyMerge(
  plan: MergePlan,
  published: Checkpoint,
  { planAgain, signal, onTensor }: VerifyOptions,
): Promise<Verification> {
  const find = publishedTensors(published);
  const streams = mergeStreams(plan).filter(({ name }) => !isLeftOutOf(published, name));
  const differences: TensorDifference[] = [];
  const missing: string[] = [];
  const digests: DigestedTensor[] = [];
  for (const [index, stream] of streams.entries()) {
    signal?.throwIfAborted();
    const found = find(stream.name);
    const hash = createHash("sha256");
    const note = found === undefined ? undefined : noteOf(stream, found, published.format);
    if (found === undefined || stream.shape.join() !== found.tensor.shape.join()) {
      for await (const piece of stream.chunks()) hash.update(piece);
      if (found === undefined) missing.push(stream.name);
      else differences.push({ name: stream.name, note, ...NOT_COMPARED });
    } else {
      const compared = await compareTensor(stream, found, (piece) => hash.update(piece));
      if (compared.different > 0 || note !== undefined) differences.push({ name: stream.name, note, ...compared });
    }
    const { name, dtype, shape } = stream;
    digests.push({ name, dtype, shape, sha256: hash.digest("hex") });
    onTensor?.(index + 1, streams.length);
  }
  const made = new Set(streams.map(({ name }) => name));
  const extra = [...published.reader.tensors.keys()].filter((name) => !made.has(name));
  const identical = differences.length + missing.length + extra.length === 0;
  const explanation = identical ? undefined : await explain(plan, differences, find, planAgain, signal);
  return {
    identical,
    tensors: streams.length,
    differences,
    missing,
    extra,
    weightsSha256: tensorsDigest(digests),
    explanation,
  };
}

const NOT_COMPARED: ElementDifferences = { elements: 0, different: 0, maxAbs: 0, maxRelative: 0, maxUlp: 0 };

type Find = (name: string) => PublishedTensor | undefined;

/** Finds published tensors; of a GGUF with what was added to them when it was made. */
function publishedTensors(published: Checkpoint): Find {
  const { reader, format, config, path } = published;
  const typed = format === "gguf" ? readModelConfig(config, path) : undefined;
  return (name) => {
    const change = typed === undefined ? undefined : tensorChange(typed, name);
    return publishedTensor(reader, name, change?.kind === "add" ? change.value : 0);
  };
}

/** A GGUF does without some tensors. */
function isLeftOutOf({ format, config, path }: Checkpoint, name: string): boolean {
  return format === "gguf" && isLeftOut(name, readModelConfig(config, path).tiedEmbeddings);
}

function noteOf(
  made: TensorStream,
  { tensor, dtype }: PublishedTensor,
  format: Checkpoint["format"],
): string | undefined {
  if (made.shape.join() !== tensor.shape.join()) {
    return `expected shape [${made.shape.join(", ")}], found [${tensor.shape.join(", ")}]`;
  }
  // A GGUF's types are chosen when it is made, not by the merge.
  return made.dtype === dtype || format === "gguf" ? undefined : `expected ${made.dtype}, found ${dtype}`;
}

/**
 * Tries what may have been done instead, on the tensors that differ first: a wrong guess fails at once there. What gives all
 * published tensors wins over what gives those that differ.
 */
async function explain(
  plan: MergePlan,
  differences: readonly TensorDifference[],
  find: Find,
  planAgain: PlanAgain,
  signal: AbortSignal | undefined,
): Promise<Explanation | undefined> {
  const comparable = differences.filter(({ elements }) => elements > 0);
  const names = new Set(comparable.map(({ name }) => name));
  const pairs = plan.tensors.flatMap((tensor) => {
    const published = names.has(tensor.name) ? find(tensor.name) : undefined;
    return published === undefined ? [] : [{ tensor, published }];
  });
  if (pairs.length === 0) return await explainHead(plan, find);
  const { all, each } = await estimateWeights(pairs);
  const first = comparable.toSorted((a, b) => a.elements - b.elements).map(({ name }) => name);
  const dtypes = new Set<FloatDtype>(pairs.map(({ published }) => published.dtype));
  let partly: Explanation | undefined;
  for (const hypothesis of hypotheses(plan, snappedWeights(plan, all), dtypes, planAgain)) {
    signal?.throwIfAborted();
    const text = hypothesis.changes.join("; and ");
    const fit = await fitOf(hypothesis, first, find);
    if (fit === "all") return { exact: true, text };
    if (fit === "differing") partly ??= { exact: true, text: `in the tensors that differ, ${text}` };
  }
  return (
    partly ??
    explainByDamage(comparable) ??
    explainByDraws(plan) ??
    (all === undefined ? undefined : explainByWeights(plan, all, each))
  );
}

/** A head that was written although the models use their embedding for it. */
async function explainHead(plan: MergePlan, find: Find): Promise<Explanation | undefined> {
  const embedding = mergeStreams(plan).find(({ name }) => name === EMBEDDING);
  const head = plan.tensors.some(({ name }) => name === HEAD) ? undefined : find(HEAD);
  if (embedding === undefined || head === undefined || !(await isSameTensor(embedding, head))) return undefined;
  return { exact: true, text: `${HEAD} is a copy of the merged embedding, which the models use for it` };
}

/** Whether a hypothesis gives all published tensors, or at least those that differ from the recipe's. */
async function fitOf(
  hypothesis: Hypothesis,
  differing: readonly string[],
  find: Find,
): Promise<"all" | "differing" | undefined> {
  let streams: ReadonlyMap<string, TensorStream>;
  try {
    streams = new Map((await hypothesis.streams()).map((stream) => [stream.name, stream]));
  } catch (error) {
    // These models cannot be merged so: then it is not what was done.
    if (error instanceof InputError) return undefined;
    throw error;
  }
  const isSame = async (name: string): Promise<boolean> => {
    const [stream, published] = [streams.get(name), find(name)];
    return stream !== undefined && (published === undefined || (await isSameTensor(stream, published)));
  };
  for (const name of differing) if (!(await isSame(name))) return undefined;
  const tried = new Set(differing);
  const others = [...streams.keys()].filter((name) => !tried.has(name));
  for (const name of others) if (!(await isSame(name))) return "differing";
  return "all";
}

import { roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { Marks } from "./marks.ts";
import { baseIndexOf, type InputScan, parameterOf, type TensorInput, type TensorMerge } from "./method.ts";
import { rowsOfAll } from "./rows.ts";
import type { BernoulliSource } from "./torch/bernoulli.ts";
import { MagnitudeKeys } from "./torch/sort-keys.ts";
import { step } from "./torch/step.ts";
import { firstIndexes, torchArgsort } from "./torch/torch-sort.ts";
import { ContiguousSum } from "./torch/torch-sum.ts";

/** How a method drops the lesser part of what an expert has changed. */
export type Sparsification = "none" | "magnitude" | "random" | "outliers" | "ranked";

/** Which elements of a delta are kept, and what they are multiplied with. */
export interface KeptPart {
  readonly marks: Marks;
  readonly factor: number;
}

/** An expert's delta, piece by piece, as often as it is asked for. */
type Deltas = () => AsyncIterable<{ readonly start: number; readonly values: readonly [Float32Array<ArrayBuffer>] }>;

/** Draws that are made at a time: a multiple of 8. */
const DRAWS = 1 << 14;

/** Below this, sums are not divided by. Source: mergekit/sparsify.py, `rescaled_masked_tensor` */
const LEAST_NORM = 1e-7;

/** How many draws an input takes. */
export function drawsOf(kind: Sparsification, input: TensorInput, elements: number): number {
  if (input.isBase || (kind !== "random" && kind !== "ranked")) return 0;
  const density = parameterOf(input, "density");
  return density < 1 && (density > 0 || kind === "random") ? elements : 0;
}

/**
 * Chooses what is kept of an input's delta: the `density` part of it, by magnitude or at random, scaled up to the same sum
 * of magnitudes if asked to. Every step is rounded as PyTorch rounds it.
 * Source: mergekit/sparsify.py
 *
 * @returns undefined if all of it is kept as it is
 */
export async function chooseKept(
  index: number,
  tensor: TensorMerge,
  scan: InputScan,
  { kind, rescale, draws }: { kind: Sparsification; rescale: boolean; draws: BernoulliSource },
): Promise<KeptPart | undefined> {
  const input = tensor.inputs[index];
  if (input === undefined) throw new RangeError(`Expected an input below ${tensor.inputs.length}, found ${index}`);
  if (kind === "none" || parameterOf(input, "density") >= 1) return undefined;
  const deltas: Deltas = () => deltasOf(index, tensor, scan);
  const marks = new Marks(elementCount(tensor.shape));
  switch (kind) {
    case "magnitude":
      await markLargest(marks, deltas, input, tensor);
      break;
    case "outliers":
      await markMiddle(marks, deltas, input, tensor);
      break;
    case "random":
      drawAll(marks, input, tensor, draws);
      break;
    case "ranked":
      await drawByRank(marks, deltas, input, tensor, draws);
      break;
    default:
      throw new Error(`There is no way ${String(kind)} to choose elements`);
  }
  // torch.bernoulli has no F16 on the CPU, so mergekit works in F32 there.
  const work = tensor.work === "F16" && (kind === "random" || kind === "ranked") ? "F32" : tensor.work;
  return { marks, factor: rescale ? await factorOf(marks, deltas, tensor, work) : 1 };
}

async function* deltasOf(index: number, tensor: TensorMerge, scan: InputScan): ReturnType<Deltas> {
  const { work } = tensor;
  const base = baseIndexOf(tensor);
  for await (const { start, values } of scan([base, index])) {
    const [from, delta] = values;
    if (from === undefined || delta === undefined) throw new Error("A scan has given fewer inputs than were asked for");
    yield { start, values: [step(work, delta, "subtract", from)] };
  }
}

async function markLargest(
  marks: Marks,
  deltas: Deltas,
  input: TensorInput,
  { shape, work }: TensorMerge,
): Promise<void> {
  const count = elementCount(shape);
  const magnitudes = new MagnitudeKeys(count, work, { ascending: false });
  for await (const {
    start,
    values: [delta],
  } of deltas())
    magnitudes.put(delta, start);
  marks.addAll(firstIndexes(magnitudes.keys, Math.max(1, Math.trunc(parameterOf(input, "density") * count))));
}

/** All but the smallest and the largest. */
async function markMiddle(
  marks: Marks,
  deltas: Deltas,
  input: TensorInput,
  { shape, work, compat }: TensorMerge,
): Promise<void> {
  const count = elementCount(shape);
  let top = Math.trunc(parameterOf(input, "gamma") * count);
  let bottom = count - Math.trunc(parameterOf(input, "density") * count) - top;
  if (bottom < 0) {
    top += bottom;
    bottom = 0;
  }
  // mergekit's slice [bottom:-0] is empty, which drops everything.
  if (top === 0 && compat) return;
  const smallest = async (rank: number): Promise<Uint32Array> => {
    const magnitudes = new MagnitudeKeys(count, work, { ascending: true });
    for await (const {
      start,
      values: [delta],
    } of deltas())
      magnitudes.put(delta, start);
    return firstIndexes(magnitudes.keys, rank);
  };
  marks.addAll(await smallest(count - top));
  if (bottom > 0) marks.removeAll(await smallest(bottom));
}

function drawAll(marks: Marks, input: TensorInput, { shape, work }: TensorMerge, draws: BernoulliSource): void {
  const count = elementCount(shape);
  const p = roundTo(work === "BF16" ? "BF16" : "F32", parameterOf(input, "density"));
  for (let start = 0; start < count; start += DRAWS) {
    const outcomes = new Uint8Array(Math.min(DRAWS, count - start));
    draws.drawAll(p, outcomes);
    marks.addOnes(outcomes, start);
  }
}

/** Within each row, larger elements are kept with larger probability. */
async function drawByRank(
  marks: Marks,
  deltas: Deltas,
  input: TensorInput,
  tensor: TensorMerge,
  draws: BernoulliSource,
): Promise<void> {
  const [density, epsilon] = [parameterOf(input, "density"), parameterOf(input, "epsilon")];
  if (density <= 0) return;
  const work = tensor.work === "BF16" ? "BF16" : "F32";
  const columns = (tensor.shape.length < 2 ? elementCount(tensor.shape) : tensor.shape.at(-1)) ?? 1;
  // The last rank less the first one, as mergekit counts from 1: each step is rounded.
  const span = roundTo(work, roundTo(work, roundTo(work, columns - 1) + 1) - 1);
  const least = roundTo(work, density - epsilon);
  const ranks = new Uint32Array(columns);
  for await (const { start, rows } of rowsOfAll(deltas(), columns)) {
    const magnitudes = new MagnitudeKeys(columns, tensor.work, { ascending: true });
    magnitudes.put(rows[0] ?? new Float32Array(0), 0);
    for (const [rank, place] of torchArgsort(magnitudes.keys).entries()) ranks[place] = rank;
    for (let i = 0; i < columns; i++) {
      const rank = roundTo(work, roundTo(work, ranks[i] ?? 0) + 1);
      // One element alone has no rank: mergekit divides by zero, and stops.
      const part = span === 0 ? 0.5 : Math.min(1, Math.max(0, roundTo(work, roundTo(work, rank - 1) / span)));
      const scaled = roundTo(work, part * 2 * Math.fround(epsilon));
      if (draws.draw(roundTo(work, scaled + least))) marks.add(start + i);
    }
  }
}

/** By how much what is kept is scaled up. */
async function factorOf(marks: Marks, deltas: Deltas, { shape }: TensorMerge, work: FloatDtype): Promise<number> {
  const count = elementCount(shape);
  const all = new ContiguousSum(count, work !== "F32");
  const kept = new ContiguousSum(count, work !== "F32");
  for await (const {
    start,
    values: [delta],
  } of deltas()) {
    for (let i = 0; i < delta.length; i++) delta[i] = Math.abs(delta[i] ?? 0);
    all.add(delta);
    marks.mask(delta, start);
    kept.add(delta);
  }
  const [before, after] = [roundTo(work, all.total()), roundTo(work, kept.total())];
  return before < LEAST_NORM || after < LEAST_NORM ? 1 : roundTo(work, before / after);
}

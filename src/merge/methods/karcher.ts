import { roundTo } from "../../tensors/convert.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { copyOf, kernelOf } from "./elementwise.ts";
import { type InputScan, type Kernel, parameterOf, type SurveyedMethod, type TensorMerge } from "./method.ts";
import { PackedValues } from "./packed-values.ts";
import { BlasDot } from "./torch/blas-dot.ts";
import { Norm } from "./torch/rounded.ts";
import { scale, step } from "./torch/step.ts";
import { arcCosine, sine } from "./torch/vector-math.ts";

/**
 * The Karcher mean: of the directions of all models the one in the middle, measured along the sphere, at their mean length.
 * Every step is rounded as PyTorch rounds it, lengths to F32. The mean is in memory while it is looked for.
 * Source: mergekit/merge_methods/karcher.py
 */
export const karcher: SurveyedMethod = {
  kind: "surveyed",
  name: "karcher",
  title: "Karcher Mean",
  paper: "https://en.wikipedia.org/wiki/Karcher_mean",
  baseModel: "unused",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "max_iter", scope: "merge", fallback: 10 },
    { name: "tol", scope: "merge", fallback: 1e-5 },
  ],
  withoutDtype: "widest",
  refuse: ({ parameters }) => {
    const [rounds, tolerance] = [parameters.get("max_iter") ?? 0, parameters.get("tol") ?? 0];
    if (!Number.isInteger(rounds) || rounds < 0)
      return `expected a max_iter that is a whole number from 0 on, found ${rounds}`;
    return tolerance >= 0 ? undefined : `expected a tol from 0 on, found ${tolerance}`;
  },
  survey: async (tensor, scan) => (tensor.inputs.length === 1 ? copyOf(tensor) : await meanOf(tensor, scan)),
};

/** The direction of an input. */
interface Unit {
  readonly input: number;
  readonly length: number;
}

async function meanOf(tensor: TensorMerge, scan: InputScan): Promise<Kernel> {
  const tolerance = parameterOf(tensor, "tol");
  const lengths = await lengthsOf(tensor, scan);
  const units = lengths.map((length, input) => ({ input, length })).filter(({ length }) => length > tolerance);
  if (units.length === 0) return kernelOf(tensor, ([values]) => values?.fill(0) ?? new Float32Array(0));
  const mean = new DirectionMean(tensor, units, scan);
  await mean.begin(tolerance);
  for (let round = 0; round < parameterOf(tensor, "max_iter"); round++) if (!(await mean.step(tolerance))) break;
  const share = 1 / lengths.length;
  const length = lengths.reduce((sum, one) => sum + share * one, 0);
  return kernelOf(tensor, ([values], start) => {
    const result = mean.at(start, values?.length ?? 0);
    scale(result, Math.fround(length), tensor.work);
    return result;
  });
}

async function lengthsOf({ inputs }: TensorMerge, scan: InputScan): Promise<number[]> {
  const lengths: number[] = [];
  for (const input of inputs.keys()) {
    const norm = new Norm();
    for await (const {
      values: [vector],
    } of scan([input]))
      if (vector !== undefined) norm.add(vector);
    lengths.push(norm.length("F32"));
  }
  return lengths;
}

/** How far one direction draws the mean, and its cosine to it. */
interface Pull {
  readonly factor: number;
  readonly cosine: number;
}

/** A direction that is moved to the middle of others, step by step. */
class DirectionMean {
  readonly #tensor: TensorMerge;
  readonly #units: readonly Unit[];
  readonly #scan: InputScan;
  readonly #values: PackedValues;
  readonly #shares: readonly number[];
  /** What the values are to be divided by. */
  #length = 1;

  constructor(tensor: TensorMerge, units: readonly Unit[], scan: InputScan) {
    this.#tensor = tensor;
    this.#units = units;
    this.#scan = scan;
    this.#values = new PackedValues(tensor.work, elementCount(tensor.shape));
    const share = 1 / tensor.inputs.length;
    const sum = units.reduce((total) => total + share, 0);
    this.#shares = units.map(() => Math.fround(share / sum));
  }

  /** Elements of the mean. */
  at(start: number, count: number): Float32Array<ArrayBuffer> {
    const values = this.#values.take(start, count);
    return this.#length === 1 ? values : step(this.#tensor.work, values, "divide", this.#length);
  }

  /** The mean of the vectors; the first one where they cancel out. */
  async begin(tolerance: number): Promise<void> {
    const { work } = this.#tensor;
    const norm = new Norm();
    for await (const { start, units } of this.#pieces()) {
      const mean = new Float32Array(units[0]?.length ?? 0);
      for (const [index, unit] of units.entries()) {
        scale(unit, this.#shares[index] ?? 0, work);
        step(work, mean, "add", unit);
      }
      norm.add(mean);
      this.#values.put(mean, start);
    }
    this.#length = norm.length("F32");
    if (this.#length >= tolerance) return;
    this.#length = 1;
    for await (const {
      start,
      units: [first],
    } of this.#pieces())
      if (first !== undefined) this.#values.put(first, start);
  }

  /** Goes towards the middle, along the sphere. @returns whether there was a way to go */
  async step(tolerance: number): Promise<boolean> {
    const { work } = this.#tensor;
    const pulls = await this.#pulls(tolerance);
    const tangentNorm = new Norm();
    for await (const { start, units } of this.#pieces()) {
      tangentNorm.add(this.#tangent(this.at(start, units[0]?.length ?? 0), units, pulls));
    }
    const distance = tangentNorm.length("F32");
    if (distance < tolerance) return false;
    // PyTorch rounds a factor that is on the left of a tensor.
    const ahead = roundTo(work, Math.fround(Math.cos(distance)));
    const aside = roundTo(work, sine(distance));
    const norm = new Norm();
    for await (const { start, units } of this.#pieces()) {
      const mean = this.at(start, units[0]?.length ?? 0);
      const tangent = this.#tangent(mean, units, pulls);
      step(work, tangent, "divide", distance);
      scale(tangent, aside, work);
      scale(mean, ahead, work);
      step(work, mean, "add", tangent);
      norm.add(mean);
      this.#values.put(mean, start);
    }
    const length = norm.length("F32");
    this.#length = length > tolerance ? length : 1;
    return true;
  }

  /** Puts the length that the values are to have into them, and measures their angles to the directions. */
  async #pulls(tolerance: number): Promise<(Pull | undefined)[]> {
    const { work } = this.#tensor;
    const round = (value: number): number => roundTo(work, value);
    const dots = this.#units.map(() => new BlasDot());
    for await (const { start, units } of this.#pieces()) {
      const mean = this.at(start, units[0]?.length ?? 0);
      this.#values.put(mean, start);
      for (const [index, unit] of units.entries()) dots[index]?.add(mean, unit);
    }
    this.#length = 1;
    return dots.map((dot, index) => {
      const cosine = Math.min(1, Math.max(-1, round(dot.total())));
      const angle = round(arcCosine(cosine));
      if (angle < tolerance) return undefined;
      return { factor: round((this.#shares[index] ?? 0) * round(angle / round(sine(angle)))), cosine };
    });
  }

  /** The way to go from the mean. Overwrites the directions. */
  #tangent(
    mean: Float32Array,
    units: readonly Float32Array[],
    pulls: readonly (Pull | undefined)[],
  ): Float32Array<ArrayBuffer> {
    const { work } = this.#tensor;
    const tangent = new Float32Array(mean.length);
    const along = new Float32Array(mean.length);
    for (const [index, unit] of units.entries()) {
      const pull = pulls[index];
      if (pull === undefined) continue;
      step(work, mean, "multiply", pull.cosine, along);
      step(work, unit, "subtract", along);
      scale(unit, pull.factor, work);
      step(work, tangent, "add", unit);
    }
    return tangent;
  }

  /** The directions, piece by piece. */
  async *#pieces(): AsyncGenerator<{ readonly start: number; readonly units: readonly Float32Array<ArrayBuffer>[] }> {
    for await (const { start, values } of this.#scan(this.#units.map(({ input }) => input))) {
      for (const [index, unit] of values.entries()) {
        const length = this.#units[index]?.length ?? 1;
        step(this.#tensor.work, unit, "divide", length);
      }
      yield { start, units: values };
    }
  }
}

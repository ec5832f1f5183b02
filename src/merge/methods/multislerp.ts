import { WorkError } from "../../base/errors.ts";
import { roundAll, roundTo } from "../../tensors/convert.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { kernelOf } from "./elementwise.ts";
import { type InputScan, type Kernel, parameterOf, type SurveyedMethod, type TensorMerge } from "./method.ts";
import { combine, Norm } from "./torch/rounded.ts";
import { scale, step } from "./torch/step.ts";
import { ContiguousSum, contiguousSum, type PartOfPlaces, sumAcross } from "./torch/torch-sum.ts";
import { sine } from "./torch/vector-math.ts";

type Vector = Float32Array<ArrayBuffer>;

/**
 * The barycentre of several models (or of what they have changed of a base model) on a sphere: their directions are averaged
 * in the plane that touches the sphere at their mean direction, and the result has their mean length.
 * Source: mergekit/merge_methods/multislerp.py
 */
export const multislerp: SurveyedMethod = {
  kind: "surveyed",
  name: "multislerp",
  title: "Multi-SLERP",
  paper: "https://goddard.blog/posts/multislerp-wow-what-a-cool-idea",
  baseModel: "optional",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "weight", scope: "model", fallback: undefined, baseFallback: 0 },
    { name: "normalize_weights", scope: "merge", fallback: 1 },
    { name: "eps", scope: "merge", fallback: 1e-8 },
  ],
  withoutDtype: "widest",
  warn: (tensor) => {
    const total = pointsOf(tensor).reduce((sum, { parameters }) => sum + (parameters.get("weight") ?? 0), 0);
    if (total !== 0 || parameterOf(tensor, "normalize_weights") === 0) return undefined;
    return "expected weights whose sum is not 0, which they are divided by";
  },
  survey: async (tensor, scan) => {
    const points = pointsOf(tensor);
    // One alone is taken as it is: there is nothing to interpolate.
    if (points.length < 2) return copyOfOne(tensor);
    return await new Barycentre(tensor, scan).kernel();
  },
};

function pointsOf({ inputs }: TensorMerge): TensorMerge["inputs"] {
  return inputs.filter(({ isBase }) => !isBase);
}

function copyOfOne(tensor: TensorMerge): Kernel {
  const only = Math.max(
    0,
    tensor.inputs.findIndex(({ isBase }) => !isBase),
  );
  return kernelOf(tensor, (values) => values[only] ?? new Float32Array(0));
}

/** What decides the result for the whole tensor. */
class Barycentre {
  readonly #tensor: TensorMerge;
  readonly #scan: InputScan;
  readonly #elements: number;
  readonly #weights: readonly number[];
  readonly #eps: number;
  #lengths: readonly number[] = [];
  #meanLength = 1;
  #cosines: readonly number[] = [];

  constructor(tensor: TensorMerge, scan: InputScan) {
    const { work } = tensor;
    this.#tensor = tensor;
    this.#scan = scan;
    this.#elements = elementCount(tensor.shape);
    this.#eps = Math.fround(parameterOf(tensor, "eps"));
    const weights = pointsOf(tensor).map((input) => roundTo(work, parameterOf(input, "weight")));
    const sum = roundTo(work, contiguousSum(Float32Array.from(weights), work !== "F32"));
    const normalize = parameterOf(tensor, "normalize_weights") !== 0;
    this.#weights = normalize ? weights.map((weight) => roundTo(work, weight / sum)) : weights;
  }

  async kernel(): Promise<Kernel> {
    const { work, name } = this.#tensor;
    const round = (value: number): number => roundTo(work, value);
    this.#lengths = await this.#lengthsOfPoints();
    const meanNorm = new Norm();
    for await (const { points, part } of this.#pieces()) meanNorm.add(this.#meanOf(this.#unitsOf(points), part));
    const meanLength = meanNorm.length(work);
    if (meanLength < this.#eps) {
      if (this.#lengths.length === 2) return this.#straight();
      throw new WorkError(`${name}: expected models whose weighted directions do not cancel out, found that they do`, {
        hint: "Use other weights: those of opposite changes must differ.",
      });
    }
    this.#meanLength = meanLength;
    this.#cosines = await this.#cosinesToMean();
    const tangentNorm = new Norm();
    for await (const { points, part } of this.#pieces()) {
      const units = this.#unitsOf(points);
      tangentNorm.add(this.#tangentOf(units, this.#directionOf(units, part), part));
    }
    const distance = round(tangentNorm.length(work) + this.#eps);
    const [ahead, aside] = [round(Math.cos(distance)), round(round(sine(distance)) / distance)];
    const lengths = Float32Array.from(this.#lengths, (length, i) => round(length * (this.#weights[i] ?? 0)));
    const length = round(contiguousSum(lengths, work !== "F32"));
    return kernelOf(this.#tensor, (values, start) => {
      const part = { start, elements: this.#elements };
      const { base, points } = this.#pointsAmong(values);
      const units = this.#unitsOf(points);
      const direction = this.#directionOf(units, part);
      const tangent = this.#tangentOf(units, direction, part);
      step(work, direction, "multiply", ahead);
      step(work, tangent, "multiply", aside);
      step(work, direction, "add", tangent);
      step(work, direction, "multiply", length);
      return base === undefined ? direction : step(work, direction, "add", base);
    });
  }

  /** What two opposite directions become: the weighted sum. */
  #straight(): Kernel {
    const { work } = this.#tensor;
    return kernelOf(this.#tensor, (values) => {
      const { base, points } = this.#pointsAmong(values);
      const [a, b] = points;
      if (a === undefined || b === undefined) throw new Error("Expected two models");
      scale(a, this.#weights[0] ?? 0, work);
      scale(b, this.#weights[1] ?? 0, work);
      step(work, a, "add", b);
      return base === undefined ? a : step(work, a, "add", base);
    });
  }

  async #lengthsOfPoints(): Promise<number[]> {
    const norms = this.#weights.map(() => new Norm());
    for await (const { points } of this.#pieces()) for (const [i, point] of points.entries()) norms[i]?.add(point);
    return norms.map((norm) => norm.length(this.#tensor.work));
  }

  async #cosinesToMean(): Promise<number[]> {
    const { work } = this.#tensor;
    const sums = this.#weights.map(() => new ContiguousSum(this.#elements, work !== "F32"));
    for await (const { points, part } of this.#pieces()) {
      const units = this.#unitsOf(points);
      const direction = this.#directionOf(units, part);
      for (const [i, unit] of units.entries()) sums[i]?.add(combine(work, unit, direction, (x, y) => x * y));
    }
    return sums.map((sum) => roundTo(work, sum.total()));
  }

  async *#pieces(): AsyncGenerator<{ readonly points: readonly Vector[]; readonly part: PartOfPlaces }> {
    const inputs = this.#tensor.inputs.map((_, index) => index);
    for await (const { start, values } of this.#scan(inputs)) {
      yield { points: this.#pointsAmong(values).points, part: { start, elements: this.#elements } };
    }
  }

  /** What lies on the sphere: the models, or what they have changed of the base model. */
  #pointsAmong(values: readonly Vector[]): { readonly base: Vector | undefined; readonly points: readonly Vector[] } {
    const { inputs, work } = this.#tensor;
    const base = values[inputs.findIndex(({ isBase }) => isBase)];
    const points = values.filter((_, index) => inputs[index]?.isBase === false);
    if (base !== undefined) for (const point of points) step(work, point, "subtract", base);
    return { base, points };
  }

  /** The directions, in place of the points. */
  #unitsOf(points: readonly Vector[]): readonly Vector[] {
    const { work } = this.#tensor;
    for (const [i, point] of points.entries()) {
      step(work, point, "divide", roundTo(work, (this.#lengths[i] ?? 0) + this.#eps));
    }
    return points;
  }

  #meanOf(units: readonly Vector[], part: PartOfPlaces): Vector {
    const { work } = this.#tensor;
    const weighted = units.map((unit, i) =>
      step(work, unit, "multiply", this.#weights[i] ?? 0, new Float32Array(unit.length)),
    );
    const sum = Float32Array.from(sumAcross(weighted, work !== "F32", part));
    roundAll(work, sum);
    return sum;
  }

  #directionOf(units: readonly Vector[], part: PartOfPlaces): Vector {
    return step(this.#tensor.work, this.#meanOf(units, part), "divide", this.#meanLength);
  }

  /** The way from the mean direction to the barycentre, in the plane. Overwrites the directions. */
  #tangentOf(units: readonly Vector[], direction: Vector, part: PartOfPlaces): Vector {
    const { work } = this.#tensor;
    for (const [i, unit] of units.entries()) {
      const along = step(work, direction, "multiply", this.#cosines[i] ?? 0, new Float32Array(unit.length));
      step(work, unit, "subtract", along);
    }
    return this.#meanOf(units, part);
  }
}

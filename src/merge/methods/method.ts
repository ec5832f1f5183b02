import type { FloatDtype } from "../../tensors/dtype.ts";
import type { BernoulliSource } from "./torch/bernoulli.ts";

/**
 * A way to make one tensor out of several. Methods are pure: they know nothing of files, layers or recipes, only the values
 * of one tensor and the parameters that the recipe gives it.
 */
export type MergeMethod = ElementwiseMethod | SurveyedMethod;

interface MethodBase {
  /** As in a recipe's `merge_method`. */
  readonly name: string;
  /** As in a model card. */
  readonly title: string;
  readonly paper: string | undefined;
  readonly baseModel: "required" | "optional" | "unused";
  /** How many models it takes, the base model included. */
  readonly models: {
    readonly least: number;
    readonly most: number;
    /** Whether one model alone is copied, where the method takes more. */
    readonly copiesOne?: true;
  };
  readonly parameters: readonly MethodParameter[];
  /** Whether mergekit leaves out a model whose tensor has another shape than the base model's. */
  readonly skipsOtherShapes?: true;
  /** What inputs are computed in and the result has where the recipe names no dtype. */
  readonly withoutDtype: NaturalDtype;
  /** Says what is wrong with a tensor's parameters, if mergekit fails at them, too. */
  refuse?(tensor: TensorMerge): string | undefined;
  /** Says what is wrong with a tensor's parameters although mergekit takes them. */
  warn?(tensor: TensorMerge): string | undefined;
}

/**
 * `widest`: of the inputs' dtypes. `base`: all in the base model's. `to base`: computed in the widest, then in the base model's.
 * `to F32`: PyTorch ends in F32 whatever is computed in, and only what is stored is rounded.
 */
type NaturalDtype = "widest" | "base" | "to base" | "to F32";

/** Every element of the result depends on the same element of the inputs only. */
export interface ElementwiseMethod extends MethodBase {
  readonly kind: "elementwise";
  prepare(tensor: TensorMerge): Kernel;
}

/** The result depends on norms, ranks or random draws over the whole tensor, too: its inputs are read more than once. */
export interface SurveyedMethod extends MethodBase {
  readonly kind: "surveyed";
  /** How many random draws it takes; none if not said. */
  draws?(tensor: TensorMerge, elements: number): number;
  /**
   * Finds out what the whole tensor decides.
   *
   * @param draws at the first draw that is this tensor's
   */
  survey(tensor: TensorMerge, scan: InputScan, draws: BernoulliSource): Promise<Kernel>;
}

/** Reads inputs of a tensor, by their places in the list of inputs, from the first element to the last. */
export type InputScan = (inputs: readonly number[]) => AsyncIterable<ScannedPiece>;

/** Consecutive elements of inputs, rounded to the work dtype. Valid until the next piece; may be overwritten. */
interface ScannedPiece {
  /** Of the first element: a multiple of `CHUNK_ELEMENTS`. */
  readonly start: number;
  /** Of each input that was asked for. */
  readonly values: readonly Float32Array<ArrayBuffer>[];
}

/** Computes a tensor piece by piece, in buffers of its own; it is one tensor's until it is released. */
export interface Kernel {
  /** For each input, room for the bytes of a piece (`CHUNK_ELEMENTS`): filled before `run`. */
  readonly inputs: readonly Uint8Array<ArrayBuffer>[];
  /** Room for a piece of the result, in its dtype. */
  readonly out: Uint8Array<ArrayBuffer>;
  /** Makes `count` elements of the result, those from `start` on, of as many of the inputs. */
  run(count: number, start: number): void;
  /** Lets another tensor have the buffers. */
  release?(): void;
}

/** A number that a recipe gives a method. */
export interface MethodParameter {
  readonly name: string;
  /** Whether each model has its own, or the merge has one. */
  readonly scope: "model" | "merge";
  /** Required if undefined; a base model needs none then where the method requires one. */
  readonly fallback: number | undefined;
  /** For the base model, where it is another. */
  readonly baseFallback?: number;
}

/** One tensor of a merge, without its values. */
export interface TensorMerge {
  readonly name: string;
  readonly shape: readonly number[];
  /** What inputs are rounded to before anything else. */
  readonly work: FloatDtype;
  /** What the method itself rounds its result to. */
  readonly result: FloatDtype;
  /** What the result is rounded to last. */
  readonly dtype: FloatDtype;
  readonly inputs: readonly TensorInput[];
  /** Whether mergekit's faults are wanted, too. */
  readonly compat: boolean;
  /** Of scope `merge`. */
  readonly parameters: ReadonlyMap<string, number>;
}

export interface TensorInput {
  readonly dtype: FloatDtype;
  readonly isBase: boolean;
  /** Of scope `model`. */
  readonly parameters: ReadonlyMap<string, number>;
}

/** A parameter that the plan has made sure of. */
export function parameterOf(of: { readonly parameters: ReadonlyMap<string, number> }, name: string): number {
  const value = of.parameters.get(name);
  if (value === undefined) throw new Error(`The parameter ${name} was not resolved`);
  return value;
}

/** Where the base model is among the inputs. */
export function baseIndexOf({ inputs }: TensorMerge): number {
  return inputs.findIndex((input) => input.isBase);
}

/** The places of all inputs. */
export function allInputsOf({ inputs }: TensorMerge): number[] {
  return inputs.map((_, index) => index);
}

import { ConfigError } from "../../base/errors.ts";
import { kernelOf } from "./elementwise.ts";
import { METHOD_NAMES } from "./index.ts";
import type { MergeMethod, MethodParameter, TensorMerge } from "./method.ts";

/**
 * A merge method of the caller's own. Its name and version are part of the identity of what is evaluated: raise the version with
 * every change that changes a result.
 */
export type OwnMergeMethod = MergeMethod & { readonly version: number };

/** What a recipe gives a method for one tensor. */
export interface OwnTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Parameters of the merge, by name. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Of each input: its parameters, and whether it is the base model. */
  readonly inputs: readonly {
    readonly isBase: boolean;
    readonly parameters: Readonly<Record<string, number>>;
  }[];
}

/** A merge method of the caller's own, whose result depends element by element on its inputs. */
export interface OwnMergeMethodDefinition {
  /** As in a recipe's `merge_method`: lower-case letters, digits and underscores; none of the names that are taken. */
  readonly name: string;
  /** A whole number, raised with every change that changes a result. */
  readonly version: number;
  /** As in a model card. @default the name */
  readonly title?: string | undefined;
  /** Whether a recipe names a base model. @default "unused" */
  readonly baseModel?: "required" | "optional" | "unused" | undefined;
  /** How many models it takes, the base model included. @default 1 or more */
  readonly models?: { readonly least: number; readonly most: number } | undefined;
  /** Numbers that a recipe may give it, for each model or for the merge. @default a required `weight` of each model */
  readonly parameters?: readonly MethodParameter[] | undefined;
  /**
   * Makes some elements of a tensor, those from `start` on.
   *
   * @param inputs the same elements of every input, rounded to the recipe's dtype; may be overwritten
   * @returns as many elements; they are rounded to the dtype of the result
   */
  merge(inputs: readonly Float32Array[], tensor: OwnTensor, start: number): Float32Array;
}

const WEIGHT: MethodParameter = { name: "weight", scope: "model", fallback: undefined };

/**
 * Makes a merge method for the `methods` of `planSweep`, `planMerge`, `mergeCheckpoints` and `verifyCheckpoint`.
 *
 * @throws ConfigError for a name that is taken or cannot be one, or a version that is no whole number above 0
 */
export function defineMergeMethod(definition: OwnMergeMethodDefinition): OwnMergeMethod {
  const { name, version } = definition;
  const { title = name, baseModel = "unused", parameters = [WEIGHT] } = definition;
  const { models = { least: 1, most: Number.POSITIVE_INFINITY } } = definition;
  if (!/^[a-z][a-z0-9_]*$/.test(name) || METHOD_NAMES.includes(name)) {
    throw new ConfigError(
      `Expected a name of lower-case letters, digits and underscores that no merge method has, found "${name}"`,
      { hint: `Taken are ${METHOD_NAMES.join(", ")}.` },
    );
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ConfigError(`Expected a whole number above 0 as the version of ${name}, found ${version}`);
  }
  return {
    kind: "elementwise",
    name,
    version,
    title,
    paper: undefined,
    baseModel,
    models,
    parameters,
    withoutDtype: "widest",
    prepare: (tensor) => {
      const told = toldOf(tensor);
      return kernelOf(tensor, (inputs, start) => checked(definition.merge(inputs, told, start), inputs, name));
    },
  };
}

function toldOf({ name, shape, inputs, parameters }: TensorMerge): OwnTensor {
  return {
    name,
    shape,
    parameters: Object.fromEntries(parameters),
    inputs: inputs.map((input) => ({ isBase: input.isBase, parameters: Object.fromEntries(input.parameters) })),
  };
}

function checked(values: Float32Array, inputs: readonly Float32Array[], name: string): Float32Array {
  const expected = inputs[0]?.length ?? 0;
  if (values instanceof Float32Array && values.length === expected) return values;
  const found = values instanceof Float32Array ? `${values.length} of them` : typeof values;
  throw new ConfigError(`The merge method ${name}: expected ${expected} elements as a Float32Array, found ${found}`);
}

/** `mine@2`: what a store and a model card call a method of the caller's own; undefined for one of ours. */
export function ownName(method: MergeMethod): string | undefined {
  return "version" in method ? `${method.name}@${String(method.version)}` : undefined;
}

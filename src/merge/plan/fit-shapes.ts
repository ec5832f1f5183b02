import { isVocabulary } from "../merged-tensors.ts";
import type { MergeMethod } from "../methods/method.ts";
import type { PlannedInput } from "./planned-tensor.ts";
import type { Problems } from "./problems.ts";

interface Planning {
  readonly method: MergeMethod;
  readonly compat: boolean;
  readonly problems: Problems;
  readonly warnings: string[];
}

/** Inputs, and how much of each is merged: its first rows, where it has more. */
interface FittingInputs {
  readonly inputs: readonly PlannedInput[];
  readonly shape: readonly number[];
}

/** What of a tensor's inputs is merged: all, if they have one shape. In mergekit's way, what is left of them. */
export function fitShapes(
  name: string,
  inputs: readonly PlannedInput[],
  { method, compat, problems, warnings }: Planning,
): FittingInputs | undefined {
  const [first, ...others] = inputs;
  if (first === undefined) return undefined;
  const { shape } = first.tensor;
  if (others.every((input) => isSame(input.tensor.shape, shape))) return { inputs, shape };
  if (compat) {
    const fitting = method.skipsOtherShapes === true ? fitToBase(name, inputs) : fitToSmallest(name, inputs);
    if (fitting !== undefined) {
      warnings.push(...fitting.warnings);
      return fitting;
    }
  }
  const found = inputs.map((input) => `[${input.tensor.shape.join(", ")}] in ${input.model}`).join(", ");
  const vocabularies = isVocabulary(name) && others.every((input) => haveOneWidth(input.tensor.shape, shape));
  problems.add(
    `expected ${vocabularies ? "vocabularies of one size" : "one shape"}, found ${found}`,
    name,
    vocabularies ? 'Write "tokenizer: { source: union }" to combine the models\' vocabularies.' : undefined,
  );
  return undefined;
}

interface Cut extends FittingInputs {
  readonly warnings: readonly string[];
}

/** Embeddings are cut to the fewest rows. Source: mergekit/merge_methods/rectify_embed.py */
function fitToSmallest(name: string, inputs: readonly PlannedInput[]): Cut | undefined {
  const shapes = inputs.map((input) => input.tensor.shape);
  const [first = []] = shapes;
  if (!isVocabulary(name) || !shapes.every((shape) => haveOneWidth(shape, first))) return undefined;
  const rows = Math.min(...shapes.map((shape) => shape[0] ?? 0));
  const warning = `${name}: only the first ${rows} rows are merged, as not all models have more`;
  return { inputs, shape: [rows, ...first.slice(1)], warnings: [warning] };
}

/**
 * Embeddings are cut to the base model's rows, other tensors of another shape than the base model's are left out.
 * Source: mergekit/merge_methods/generalized_task_arithmetic.py, `get_task_vectors`
 */
function fitToBase(name: string, inputs: readonly PlannedInput[]): Cut | undefined {
  const shape = inputs.find(({ isBase }) => isBase)?.tensor.shape;
  if (shape === undefined) return undefined;
  const kept: PlannedInput[] = [];
  const warnings: string[] = [];
  for (const input of inputs) {
    const own = input.tensor.shape;
    if (isSame(own, shape)) kept.push(input);
    else if (!isVocabulary(name))
      warnings.push(`${name} of ${input.model} is left out: it has another shape than the base model's`);
    else if (haveOneWidth(own, shape) && (own[0] ?? 0) > (shape[0] ?? 0)) {
      kept.push(input);
      warnings.push(
        `${name}: only the first ${shape[0]} rows of ${input.model} are merged, as the base model has no more`,
      );
    } else return undefined;
  }
  return { inputs: kept, shape, warnings };
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.join() === b.join();
}

function haveOneWidth(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a[1] === b[1];
}

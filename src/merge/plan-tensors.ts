import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { type FloatDtype, isFloatDtype } from "../tensors/dtype.ts";
import type { ReadableTensor } from "../tensors/tensor-reader.ts";
import { type ArchitectureTensors, EMBEDDING, FINAL_NORM, HEAD, layerTensor } from "./architectures.ts";
import type { MergeMethod } from "./methods/method.ts";
import type { OutputSlice, SliceSource } from "./output-slices.ts";
import type { PlannedInput, PlannedTensor } from "./planned-tensor.ts";
import type { Problems } from "./problems.ts";
import { evaluateSetting, type MergeRecipe, type RecipeParameters } from "./recipe.ts";
import type { CombinedVocabulary } from "./vocabulary/combine.ts";
import { permuteInputs } from "./vocabulary/permute-inputs.ts";

interface Planning {
  readonly recipe: MergeRecipe;
  readonly method: MergeMethod;
  readonly models: ReadonlyMap<string, Checkpoint>;
  readonly architecture: ArchitectureTensors | undefined;
  readonly slices: readonly OutputSlice[];
  /** Of the result, if those of the models are combined. */
  readonly vocabulary: CombinedVocabulary | undefined;
  readonly compat: boolean;
  readonly problems: Problems;
  readonly warnings: string[];
}

/** A tensor of the result and the names it has in the sources of its slice. */
interface Wanted {
  readonly name: string;
  readonly slice: OutputSlice;
  readonly sources: readonly SliceSource[];
  readonly nameIn: (source: SliceSource) => string;
  /** Where the layer is in its slice, from 0 to 1. */
  readonly t: number;
  readonly optional: boolean;
}

/** Decides for every tensor of the result what it is made of, gathering all that is wrong. */
export function planTensors(planning: Planning): PlannedTensor[] {
  const planned: PlannedTensor[] = [];
  for (const wanted of wantedTensors(planning)) {
    const tensor = planTensor(wanted, planning);
    if (tensor !== undefined) planned.push(tensor);
  }
  return planned.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function* wantedTensors(planning: Planning): Generator<Wanted> {
  const { slices, compat } = planning;
  const names = planning.architecture ?? inferTensors(planning);
  const [firstSlice] = slices;
  const lastSlice = slices.at(-1);
  if (firstSlice === undefined || lastSlice === undefined) return;
  yield outsideOfLayers(EMBEDDING, firstSlice, firstSlice.sources);
  // mergekit pairs the last slice's models with the first slice's, which drops some if the first has fewer.
  const last = compat ? lastSlice.sources.slice(0, firstSlice.sources.length) : lastSlice.sources;
  for (const name of [FINAL_NORM, HEAD]) yield outsideOfLayers(name, lastSlice, last);
  let offset = 0;
  for (const slice of slices) {
    for (let layer = 0; layer < slice.layers; layer++) {
      const t = slice.layers > 1 ? layer / (slice.layers - 1) : 1;
      for (const [list, optional] of [
        [names.layer, false],
        [names.optional, true],
      ] as const) {
        for (const name of list) {
          const nameIn = (source: SliceSource): string => layerTensor(source.firstLayer + layer, name);
          yield { name: layerTensor(offset + layer, name), slice, sources: slice.sources, nameIn, t, optional };
        }
      }
    }
    offset += slice.layers;
  }
}

function outsideOfLayers(name: string, slice: OutputSlice, sources: readonly SliceSource[]): Wanted {
  // mergekit gives the tensors after the last layer the first value of a gradient, too.
  return { name, slice, sources, nameIn: () => name, t: 0, optional: name === HEAD };
}

/** The names of an architecture that is not listed, from its tensors: all must have what one has. */
function inferTensors({ models, problems, architecture }: Planning): ArchitectureTensors {
  if (architecture !== undefined) return architecture;
  const layer = new Set<string>();
  const others = new Set<string>();
  for (const { reader } of models.values()) {
    for (const name of reader.tensors.keys()) {
      const inLayer = /^model\.layers\.\d+\.(.+)$/.exec(name)?.[1];
      if (inLayer !== undefined && !inLayer.includes("rotary_emb")) layer.add(inLayer);
      else if (inLayer === undefined && ![EMBEDDING, FINAL_NORM, HEAD].includes(name)) others.add(name);
    }
  }
  for (const name of others) problems.add("expected tensors of a language model, found a name that is not known", name);
  return { layer: [...layer].toSorted(), optional: [] };
}

function planTensor(wanted: Wanted, planning: Planning): PlannedTensor | undefined {
  const { recipe, method, problems, compat, warnings } = planning;
  const { name, sources, optional } = wanted;
  const places = sources.map((source) => ({ source, tensor: findTensor(source, wanted.nameIn(source), name) }));
  if (optional && !sources.some((source) => source.checkpoint.reader.tensors.has(wanted.nameIn(source))))
    return undefined;
  const parameters = mergeParameters(wanted, planning);
  const found: PlannedInput[] = [];
  for (const { source, tensor } of places) {
    if (tensor === undefined) {
      problems.add(`expected in every model, found none in ${source.model}`, wanted.nameIn(source));
      continue;
    }
    const { dtype } = tensor;
    if (!isFloatDtype(dtype)) {
      problems.add(`expected F32, F16 or BF16, found ${dtype} in ${source.model}`, tensor.name);
      continue;
    }
    const own = modelParameters(wanted, source, planning);
    if (own === undefined) continue;
    found.push({
      model: source.model,
      reader: source.checkpoint.reader,
      tensor,
      dtype,
      isBase: source.isBase,
      parameters: own,
    });
  }
  if (found.length < sources.length || parameters === undefined) return undefined;
  const inputs = combineVocabulary(name, found, planning);
  const shape = commonShape(name, inputs, compat, problems, warnings);
  if (shape === undefined) return undefined;
  const work = recipe.dtype ?? promote(inputs.map((input) => input.dtype));
  const planned = { name, shape, work, dtype: recipe.outDtype ?? work, inputs, parameters, compat };
  const fault = compat ? undefined : method.check?.(planned);
  if (fault !== undefined) {
    problems.add(fault, name);
    return undefined;
  }
  if (inputs.length < method.models.least || inputs.length > method.models.most) {
    const { least, most } = method.models;
    problems.add(`${method.name} takes ${least === most ? least : `${least} or more`} models, found ${inputs.length}`);
    return undefined;
  }
  return planned;
}

/** The inputs of an embedding in the vocabulary of the result; all others as they are. */
function combineVocabulary(
  name: string,
  inputs: readonly PlannedInput[],
  { vocabulary, recipe, problems }: Planning,
): readonly PlannedInput[] {
  if (vocabulary === undefined || !isVocabulary(name)) return inputs;
  return permuteInputs(name, inputs, vocabulary, recipe.dtype, problems);
}

function isVocabulary(name: string): boolean {
  return name === EMBEDDING || name === HEAD;
}

/** A checkpoint without a head uses its embedding for it. */
function findTensor({ checkpoint }: SliceSource, nameIn: string, name: string): ReadableTensor | undefined {
  const { tensors } = checkpoint.reader;
  return tensors.get(nameIn) ?? (name === HEAD ? tensors.get(EMBEDDING) : undefined);
}

/** PyTorch's: the wider of two, and F32 for the two kinds of 2 bytes together. */
function promote(dtypes: readonly FloatDtype[]): FloatDtype {
  const [first = "F32", ...others] = new Set(dtypes);
  return others.length === 0 ? first : "F32";
}

function mergeParameters(wanted: Wanted, { recipe, method, problems }: Planning): Map<string, number> | undefined {
  const values = new Map<string, number>();
  for (const { name, scope, fallback } of method.parameters) {
    if (scope !== "merge") continue;
    const value =
      firstValue(name, wanted.name, wanted.t, [wanted.slice.parameters, recipe.moduleParameters, recipe.parameters]) ??
      fallback;
    if (value === undefined) {
      problems.add(`${method.name} needs the parameter ${name}, found none`, wanted.name);
      return undefined;
    }
    values.set(name, value);
  }
  return values;
}

function modelParameters(
  wanted: Wanted,
  source: SliceSource,
  { recipe, method, problems }: Planning,
): Map<string, number> | undefined {
  const values = new Map<string, number>();
  const tensor = wanted.nameIn(source);
  const places = [source.parameters, wanted.slice.parameters, recipe.moduleParameters, recipe.parameters];
  for (const { name, scope, fallback, baseFallback } of method.parameters) {
    if (scope !== "model") continue;
    const value = firstValue(name, tensor, wanted.t, places) ?? (source.isBase ? (baseFallback ?? fallback) : fallback);
    if (value !== undefined) values.set(name, value);
    else if (!source.isBase || method.baseModel !== "required") {
      problems.add(
        `${method.name} needs the parameter ${name} of ${source.isBase ? "the base_model " : ""}${source.model}, found none`,
        tensor,
        source.isBase
          ? "A base_model takes part in this method as every other model: list it with its weight."
          : undefined,
      );
      return undefined;
    }
  }
  return values;
}

/** The first place that has a value for this tensor: a model's own, its slice's, the recipe's. */
function firstValue(name: string, tensor: string, t: number, places: readonly RecipeParameters[]): number | undefined {
  for (const parameters of places) {
    const setting = parameters.get(name);
    const value = setting === undefined ? undefined : evaluateSetting(setting, tensor, t);
    if (value !== undefined) return value;
  }
  return undefined;
}

function commonShape(
  name: string,
  inputs: readonly PlannedInput[],
  compat: boolean,
  problems: Problems,
  warnings: string[],
): readonly number[] | undefined {
  const [first, ...others] = inputs.map((input) => input.tensor.shape);
  if (first === undefined) return undefined;
  if (others.every((shape) => shape.join() === first.join())) return first;
  const sameWidth = others.every((shape) => shape.length === first.length && shape[1] === first[1]);
  if (compat && isVocabulary(name) && sameWidth) {
    const rows = Math.min(...inputs.map((input) => input.tensor.shape[0] ?? 0));
    warnings.push(`${name}: only the first ${rows} rows are merged, as not all models have more`);
    return [rows, ...first.slice(1)];
  }
  const found = inputs.map((input) => `[${input.tensor.shape.join(", ")}] in ${input.model}`).join(", ");
  const vocabularies = isVocabulary(name) && sameWidth;
  problems.add(
    `expected ${vocabularies ? "vocabularies of one size" : "one shape"}, found ${found}`,
    name,
    vocabularies ? 'Write "tokenizer: { source: union }" to combine the models\' vocabularies.' : undefined,
  );
  return undefined;
}

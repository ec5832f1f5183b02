import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { roundTo } from "../../tensors/convert.ts";
import { type FloatDtype, isFloatDtype } from "../../tensors/dtype.ts";
import type { ReadableTensor } from "../../tensors/tensor-reader.ts";
import { type ArchitectureTensors, EMBEDDING, FINAL_NORM, HEAD, isVocabulary, layerTensor } from "../merged-tensors.ts";
import type { MergeMethod, TensorMerge } from "../methods/method.ts";
import type { MergeRecipe } from "../recipe/recipe.ts";
import type { CombinedVocabulary } from "../vocabulary/combine.ts";
import { permuteInputs } from "../vocabulary/permute-inputs.ts";
import { fitShapes } from "./fit-shapes.ts";
import type { OutputSlice, SliceSource } from "./output-slices.ts";
import { mergeParameters, modelParameters } from "./plan-parameters.ts";
import type { PlannedInput, PlannedTensor } from "./planned-tensor.ts";
import type { Problems } from "./problems.ts";

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
  const { method, problems, compat } = planning;
  const { name } = wanted;
  const parameters = mergeParameters(wanted, planning);
  const found = plannedInputs(wanted, planning);
  if (found === undefined || parameters === undefined) return undefined;
  const fitting = fitShapes(name, combineVocabulary(name, found, planning), planning);
  if (fitting === undefined) return undefined;
  const { inputs, shape } = fitting;
  const planned = { name, shape, ...dtypesOf(planning, inputs), inputs, parameters, compat };
  const miscount = modelCountFault(method, inputs.length);
  if (miscount !== undefined) {
    problems.add(miscount);
    return undefined;
  }
  const fault = method.refuse?.(planned) ?? (compat ? undefined : (parametersFault(planned) ?? method.warn?.(planned)));
  if (fault === undefined) return planned;
  problems.add(fault, name);
  return undefined;
}

/** @returns undefined for a tensor that no model has, or that cannot be read from all of them */
function plannedInputs(wanted: Wanted, planning: Planning): readonly PlannedInput[] | undefined {
  const { problems } = planning;
  const { name, sources, optional } = wanted;
  if (optional && !sources.some((source) => source.checkpoint.reader.tensors.has(wanted.nameIn(source)))) {
    return undefined;
  }
  const found: PlannedInput[] = [];
  for (const source of sources) {
    const { model, isBase } = source;
    const { reader } = source.checkpoint;
    const tensor = findTensor(source, wanted.nameIn(source), name);
    if (tensor === undefined) {
      problems.add(`expected in every model, found none in ${model}`, wanted.nameIn(source));
      continue;
    }
    const { dtype } = tensor;
    if (!isFloatDtype(dtype)) {
      problems.add(`expected F32, F16 or BF16, found ${dtype} in ${model}`, tensor.name);
      continue;
    }
    const parameters = modelParameters(wanted, source, planning);
    if (parameters !== undefined) found.push({ model, reader, tensor, dtype, isBase, parameters });
  }
  return found.length < sources.length ? undefined : found;
}

/** What a tensor is computed in, what the method makes of it, and what is stored. */
function dtypesOf(
  { recipe: { dtype, outDtype }, method }: Planning,
  inputs: readonly PlannedInput[],
): { readonly work: FloatDtype; readonly result: FloatDtype; readonly dtype: FloatDtype } {
  const widest = promote(inputs.map((input) => input.dtype));
  const ofBase = inputs.find(({ isBase }) => isBase)?.dtype ?? widest;
  const work = dtype ?? (method.withoutDtype === "base" ? ofBase : widest);
  const natural = dtype ?? (method.withoutDtype === "to base" ? ofBase : work);
  const result = method.withoutDtype === "to F32" ? "F32" : natural;
  return { work, result, dtype: outDtype ?? dtype ?? result };
}

function modelCountFault({ name, models: { least, most, copiesOne } }: MergeMethod, found: number): string | undefined {
  if ((found >= least && found <= most) || (found === 1 && copiesOne === true)) return undefined;
  const expected = least === most ? String(least) : Number.isFinite(most) ? `${least} to ${most}` : `${least} or more`;
  return `${name} takes ${expected} ${most === 1 ? "model" : "models"}, found ${found}`;
}

/** Numbers that are no numbers in the dtype that is worked in. */
function parametersFault({ work, inputs, parameters }: TensorMerge): string | undefined {
  for (const of of [parameters, ...inputs.map((input) => input.parameters)]) {
    for (const [name, value] of of) {
      if (!Number.isFinite(roundTo(work, value))) return `expected a ${name} that ${work} can hold, found ${value}`;
    }
  }
  return undefined;
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

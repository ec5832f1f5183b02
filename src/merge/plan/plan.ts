import { InputError, MergesweepError, messageOf } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import { ARCHITECTURES, architectureOfClass } from "../../checkpoints/architecture.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { architectureOfGguf, GGUF_ARCHITECTURE } from "../../checkpoints/tensor-names.ts";
import { tokenizerNote } from "../../checkpoints/tokenizer/tokenizer-files.ts";
import { resolveChatTemplate, withChatTemplate } from "../chat-template.ts";
import { CheckpointPool } from "../checkpoint-pool.ts";
import type { MergeSettings } from "../merge-settings.ts";
import { type ArchitectureTensors, architectureTensors, HEAD, KNOWN_ARCHITECTURES } from "../merged-tensors.ts";
import { mergeMethodOf } from "../methods/index.ts";
import type { MergeMethod } from "../methods/method.ts";
import { type MergeRecipe, recipeModels } from "../recipe/recipe.ts";
import { type CombinedVocabulary, combineVocabularies } from "../vocabulary/combine.ts";
import { filesOf } from "../vocabulary/read-vocabulary.ts";
import { otherConfigs } from "./other-configs.ts";
import { type OutputSlice, outputSlices } from "./output-slices.ts";
import { planTensors } from "./plan-tensors.ts";
import type { PlannedTensor } from "./planned-tensor.ts";
import { Problems } from "./problems.ts";
import { reshapedConfig } from "./reshaped-config.ts";
import { unusedParameters } from "./unused-parameters.ts";

/** A merge that is known to be possible: nothing of it is computed yet, everything is checked. */
export interface MergePlan {
  readonly recipe: MergeRecipe;
  readonly method: MergeMethod;
  /** Whose config.json and tokenizer the result gets. */
  readonly donor: Checkpoint;
  /** The models as the recipe writes them, and their checkpoints. */
  readonly models: ReadonlyMap<string, Checkpoint>;
  /** In mergekit's order: by name, as text. */
  readonly tensors: readonly PlannedTensor[];
  /** For each layer of the result, the layer of the first source that it comes from. */
  readonly layers: readonly number[];
  /** Of random draws. */
  readonly seed: number;
  /** How it differs from a merge without flags, as a model card says it. */
  readonly settings: MergeSettings;
  /** What a person should know though it stops nothing. */
  readonly warnings: readonly string[];
  /** Closes the checkpoints that the plan opened; those of a pool that was given stay open. */
  close(): Promise<void>;
}

/** What decides a merge beside its recipe. */
export interface PlanOptions extends MergeSettings {
  /** Where the recipe's relative paths start. */
  readonly root: string;
  /** Checkpoints to use and to leave open; without it, the plan opens its own. */
  readonly pool?: CheckpointPool | undefined;
  /** Merge methods of the caller's own, beside ours. */
  readonly methods?: readonly MergeMethod[] | undefined;
}

/**
 * Opens the checkpoints of a recipe and plans its merge. Headers and configs are read; no tensor is.
 *
 * @throws InputError with everything that stands in the way, not only the first
 */
export async function planMerge(
  recipe: MergeRecipe,
  { root, pool, methods, seed = 0, compat = false, allowCrimes = false }: PlanOptions,
): Promise<MergePlan> {
  const checkpoints = pool ?? new CheckpointPool(root);
  const close = async (): Promise<void> => {
    if (pool === undefined) await checkpoints.close();
  };
  try {
    const problems = new Problems();
    const method = mergeMethodOf(recipe.method, methods);
    if (method === undefined) throw new InputError(`Expected a merge method, found ${recipe.method}`);
    const models = await openAll(recipe, checkpoints, problems);
    problems.throwIfAny();
    const architecture = commonArchitecture(models, recipe, allowCrimes, problems);
    const slices = outputSlices(recipe, models, compat, problems);
    for (const slice of slices) checkBaseModel(slice, method, problems);
    const [donorName, given] = findDonor(recipe, models);
    const vocabulary = await combineIfAsked(recipe, models, recipe.baseModel ?? donorName, checkpoints, problems);
    problems.throwIfAny();
    const warnings = [...unusedParameters(recipe, method), ...(vocabulary?.warnings ?? [])];
    const planning = { recipe, method, models, architecture, slices, vocabulary, compat, problems, warnings };
    const tensors = planTensors(planning);
    problems.throwIfAny();
    const dressed = await dressDonor(given, donorName, recipe, models, vocabulary);
    const note = tokenizerNote(dressed);
    if (note !== undefined) warnings.push(note);
    const layers = layersOf(slices);
    const config = reshapedConfig(dressed, { tensors, layers, otherVocabulary: vocabulary !== undefined });
    const donor = config === dressed.config ? dressed : { ...dressed, config };
    warnings.push(...readingNotes(models), ...otherConfigs(models, donorName));
    const draws = method.kind === "surveyed" && method.draws !== undefined;
    const settings = { compat, allowCrimes, ...(draws ? { seed } : {}) };
    return { recipe, method, donor, models, tensors, layers, seed, settings, warnings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How models were read that can be read in two ways: a head that config.json denies counts, as in transformers 5. */
function readingNotes(models: ReadonlyMap<string, Checkpoint>): string[] {
  return [...models].flatMap(([name, { config, reader, notes = [] }]) => [
    ...notes.map((note) => `${name}: ${note}`),
    ...(config.tie_word_embeddings === true && reader.tensors.has(HEAD)
      ? [`${name}: config.json says tie_word_embeddings, but there is a tensor ${HEAD}: it is used`]
      : []),
  ]);
}

/** The base model or else the first model; a GGUF, which has no tokenizer files, only where all models are GGUFs. */
function findDonor(recipe: MergeRecipe, models: ReadonlyMap<string, Checkpoint>): [name: string, Checkpoint] {
  const name =
    recipe.donor ?? [...models].find(([, { format }]) => format !== "gguf")?.[0] ?? models.keys().next().value ?? "";
  const donor = models.get(name);
  if (donor === undefined)
    throw new InputError(`donor: expected a model of the recipe, found ${recipe.donor ?? "none"}`);
  return [name, donor];
}

/** The models' vocabularies as one, if the recipe says how; the same for every point of a sweep. */
async function combineIfAsked(
  { vocabulary }: MergeRecipe,
  models: ReadonlyMap<string, Checkpoint>,
  base: string,
  pool: CheckpointPool,
  problems: Problems,
): Promise<CombinedVocabulary | undefined> {
  if (vocabulary === undefined) return undefined;
  const key = JSON.stringify([[...models.keys()], base, { ...vocabulary, tokens: [...vocabulary.tokens] }]);
  try {
    return await pool.once(key, () => combineVocabularies(vocabulary, models, base, (model) => pool.open(model)));
  } catch (error) {
    if (!(error instanceof MergesweepError)) throw error;
    problems.add(messageOf(error), undefined, error.hint);
    return undefined;
  }
}

/** The donor with the tokenizer and the chat template of the result. */
async function dressDonor(
  donor: Checkpoint,
  name: string,
  { chatTemplate }: MergeRecipe,
  models: ReadonlyMap<string, Checkpoint>,
  vocabulary: CombinedVocabulary | undefined,
): Promise<Checkpoint> {
  const template = chatTemplate === undefined ? undefined : await resolveChatTemplate(chatTemplate, models.values());
  if (vocabulary === undefined && template === undefined) return donor;
  const files = vocabulary?.files ?? filesOf(donor, name);
  const { tokenizer: _, ...dressed } = donor;
  return {
    ...dressed,
    config: { ...donor.config, ...vocabulary?.config },
    tokenizerFiles: template === undefined ? files : await withChatTemplate(files, template),
  };
}

function layersOf(slices: readonly OutputSlice[]): number[] {
  return slices.flatMap(({ sources: [first], layers }) =>
    Array.from({ length: layers }, (_, layer) => (first?.firstLayer ?? 0) + layer),
  );
}

function checkBaseModel({ sources, baseModel, where }: OutputSlice, method: MergeMethod, problems: Problems): void {
  const { name, baseModel: role } = method;
  if (role === "unused") return;
  if (baseModel === undefined) {
    if (role === "required") problems.add(`${name} needs a base_model, found none`, where);
  } else if (!sources.some(({ isBase }) => isBase)) {
    const found = sources.map(({ model }) => model).join(", ");
    problems.add(`${name} needs the base_model ${baseModel} among the sources, found ${found}`, where);
  }
}

async function openAll(
  recipe: MergeRecipe,
  pool: CheckpointPool,
  problems: Problems,
): Promise<ReadonlyMap<string, Checkpoint>> {
  const models = new Map<string, Checkpoint>();
  for (const model of recipeModels(recipe)) {
    try {
      models.set(model, takenFor(await pool.open(model), recipe.architectures.get(model)));
    } catch (error) {
      if (!(error instanceof MergesweepError)) throw error;
      problems.add(messageOf(error), undefined, error.hint);
    }
  }
  return models;
}

/** mergekit says it in the config of the result, too, and leaves the model_type as it is. */
function takenFor(checkpoint: Checkpoint, architecture: string | undefined): Checkpoint {
  if (architecture === undefined) return checkpoint;
  return { ...checkpoint, config: { ...checkpoint.config, architectures: [architecture] } };
}

/** @returns the names to expect; undefined for an architecture that is not known: then the tensors themselves say */
function commonArchitecture(
  models: ReadonlyMap<string, Checkpoint>,
  { architectures }: MergeRecipe,
  allowCrimes: boolean,
  problems: Problems,
): ArchitectureTensors | undefined {
  const types = new Map(
    Array.from(models, ([model, checkpoint]) => {
      const override = architectures.get(model);
      const type = override === undefined ? typeAmong(checkpoint, models) : (architectureOfClass(override) ?? override);
      return [model, type];
    }),
  );
  const different = new Set(types.values());
  if (different.size > 1 && !allowCrimes) {
    const found = Array.from(types, ([model, type]) => `${model} is ${type}`).join(", ");
    problems.add(
      `expected models of one architecture, found that ${found}`,
      undefined,
      "--allow-crimes merges them all the same, if their tensors fit.",
    );
  }
  const [type = ""] = different;
  const known = architectureTensors(type);
  if (known === undefined && type === "undefined") {
    problems.add(`expected config.json to say model_type, found none`, undefined, suggestion("", KNOWN_ARCHITECTURES));
  }
  return different.size > 1 ? undefined : known;
}

/** The architecture of a model, as far as all of the models can tell it: a GGUF does not tell Mistral from Llama. */
function typeAmong({ config }: Checkpoint, models: ReadonlyMap<string, Checkpoint>): string {
  const type = String(config.model_type);
  const known = ARCHITECTURES.find((architecture) => architecture === type);
  const withGguf = [...models.values()].some(({ format }) => format === "gguf");
  if (known === undefined || !withGguf) return type;
  return architectureOfGguf(GGUF_ARCHITECTURE[known]) ?? type;
}

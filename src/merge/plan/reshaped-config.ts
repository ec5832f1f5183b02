import { isDeepStrictEqual } from "node:util";
import { ARCHITECTURES } from "../../checkpoints/architecture.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { hasSlidingLayers, slidingLayers } from "../../checkpoints/fields/sliding-layers.ts";
import type { TensorInfo } from "../../tensors/tensor-info.ts";
import { EMBEDDING, HEAD } from "../merged-tensors.ts";

/** What of a merge shows in its config.json. */
interface MergeShape {
  readonly tensors: readonly TensorInfo[];
  /** For each layer of the result, the layer that it comes from. */
  readonly layers: readonly number[];
  /** Whether the recipe combines vocabularies. */
  readonly otherVocabulary: boolean;
}

/**
 * A donor's config as that of the merge: layers, vocabulary, a head of its own. The donor's own object if nothing of it
 * differs.
 */
export function reshapedConfig(
  donor: Checkpoint,
  { tensors, layers, otherVocabulary }: MergeShape,
): Record<string, unknown> {
  const config = { ...donor.config };
  const rows = tensors.find((tensor) => tensor.name === EMBEDDING)?.shape[0];
  const otherRows = otherVocabulary || rows !== donor.reader.tensors.get(EMBEDDING)?.shape[0];
  if (typeof config.vocab_size === "number" && rows !== undefined && otherRows) config.vocab_size = rows;
  if (config.num_hidden_layers !== layers.length || layers.some((from, layer) => from !== layer)) {
    const types = layerTypes(donor.config, layers);
    config.num_hidden_layers = layers.length;
    if (types !== undefined) config.layer_types = types;
  }
  // A reader would use the embedding in place of the head that is there.
  if (config.tie_word_embeddings === true && tensors.some((tensor) => tensor.name === HEAD)) {
    config.tie_word_embeddings = false;
  }
  return isDeepStrictEqual(config, donor.config) ? donor.config : config;
}

/** The kinds of attention of the result's layers, which go with them: undefined where config.json need not say them. */
function layerTypes(config: Readonly<Record<string, unknown>>, layers: readonly number[]): unknown[] | undefined {
  const listed: unknown = config.layer_types;
  if (Array.isArray(listed)) return layers.map((layer): unknown => listed[layer] ?? "full_attention");
  const architecture = ARCHITECTURES.find((name) => name === config.model_type);
  if (architecture === undefined) return undefined;
  const count = Math.max(...layers) + 1;
  const hasWindow = hasSlidingLayers(config, architecture);
  const before = slidingLayers(config, architecture, count, hasWindow);
  const after = layers.map((layer) => before[layer] ?? false);
  if (isDeepStrictEqual(after, slidingLayers(config, architecture, layers.length, hasWindow))) return undefined;
  return after.map((slides) => (slides ? "sliding_attention" : "full_attention"));
}

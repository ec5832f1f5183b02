import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { type GgufOptions, type GgufType, layoutCheckpointGguf } from "../../checkpoints/gguf/gguf-layout.ts";
import type { TensorInfo } from "../../tensors/tensor-info.ts";

/** Weights that are going to be evaluated. */
export interface CheckedWeights {
  /** The name of the reference; undefined for a point. */
  readonly reference: string | undefined;
  /** Whose config and tokenizer they have. */
  readonly donor: Checkpoint;
  readonly tensors: readonly TensorInfo[];
}

/**
 * Checks that llama.cpp can run the weights as their config.json says: all that making them would find out, before any are
 * made.
 *
 * @returns what a person should know of them, each once
 * @throws InputError as `layoutCheckpointGguf` does
 */
export async function checkWeights(
  weights: readonly CheckedWeights[],
  type: GgufType,
  options: GgufOptions,
): Promise<string[]> {
  const notes = new Set<string>();
  const checked = new Map<Checkpoint, Set<string>>();
  for (const { reference, donor, tensors } of weights) {
    // The points of a sweep mostly differ in what the tensors hold: their file has the same layout.
    const shapes = JSON.stringify(tensors.map(({ name, dtype, shape }) => [name, dtype, shape]));
    const known = checked.get(donor) ?? new Set();
    checked.set(donor, known);
    if (known.has(shapes) && reference === undefined) continue;
    known.add(shapes);
    const layout = await layoutCheckpointGguf(donor, tensors, type, options);
    // How the models of a merge were read, the merge says itself.
    const { notes: reading = [] } = donor;
    const said = reference === undefined ? layout.notes.filter((note) => !reading.includes(note)) : layout.notes;
    for (const note of said) notes.add(`${reference ?? "The points"}: ${note}`);
  }
  return [...notes];
}

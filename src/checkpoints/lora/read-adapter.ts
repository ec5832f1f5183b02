import { InputError } from "../../base/errors.ts";
import { openSafetensorsFile } from "../../safetensors/open-folder.ts";
import { isFloatDtype } from "../../tensors/dtype.ts";
import type { FileFolder } from "../../tensors/file-folder.ts";
import type { ReadableTensor, TensorReader } from "../../tensors/tensor-reader.ts";
import { readJsonFile } from "../read-json.ts";
import { type AdapterConfig, readAdapterConfig } from "./adapter-config.ts";

/** What an adapter does to one tensor of its base model. */
type TensorChange = ProductChange | BiasChange | Replacement;

/** W + scale * (B @ A), or its transpose. */
export interface ProductChange {
  readonly kind: "product";
  /** [rank, inputs]. */
  readonly a: ReadableTensor;
  /** [outputs, rank]. */
  readonly b: ReadableTensor;
  readonly scale: number;
  readonly transposed: boolean;
}

/** b + scale * (the bias of B). */
interface BiasChange {
  readonly kind: "bias";
  readonly bias: ReadableTensor;
  readonly scale: number;
}

/** A tensor that was trained as a whole: `modules_to_save`, or `bias`. */
interface Replacement {
  readonly kind: "replacement";
  readonly tensor: ReadableTensor;
}

export interface Adapter {
  readonly path: string;
  readonly reader: TensorReader;
  /** By the name of the base model's tensor. */
  readonly changes: ReadonlyMap<string, TensorChange>;
}

const WEIGHTS = "adapter_model.safetensors";

/**
 * Opens a LoRA adapter as PEFT writes it: adapter_config.json and adapter_model.safetensors. No tensor is read.
 * @param base the tensors of the model that it is for
 * @throws InputError if it is incomplete, malformed, or does not fit the model
 */
export async function openAdapter(
  folder: FileFolder,
  base: ReadonlyMap<string, ReadableTensor>,
  shown: string,
): Promise<Adapter> {
  const json = (await readJsonFile(folder, "adapter_config.json"))?.value;
  if (json === undefined) {
    throw new InputError(`${shown}: expected a LoRA adapter, but it has no adapter_config.json`, {
      hint: "An adapter is a folder with adapter_config.json and adapter_model.safetensors, as peft writes it.",
    });
  }
  if (!folder.names.includes(WEIGHTS)) {
    const pickle = folder.names.find((name) => name === "adapter_model.bin");
    throw new InputError(`${shown}: expected ${WEIGHTS}, found ${pickle ?? "none"}`, {
      hint:
        pickle === undefined
          ? "The download may be incomplete: fetch the adapter again."
          : "It is a pickle, which can run code when it is read: load the adapter with peft, then save_pretrained(folder).",
    });
  }
  const config = readAdapterConfig(json, shown);
  const reader = await openSafetensorsFile(folder, WEIGHTS);
  try {
    return { path: folder.path, reader, changes: changesOf(reader.tensors, config, base, shown) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Parts of the tensors of a module, as found so far. */
interface Parts {
  a?: ReadableTensor;
  b?: ReadableTensor;
  isEmbedding: boolean;
}

const LORA = /^(.+)\.lora_(embedding_)?([AB])(?:\.[^.]+)??(?:\.(weight|bias))?$/;

function changesOf(
  tensors: ReadonlyMap<string, ReadableTensor>,
  config: AdapterConfig,
  base: ReadonlyMap<string, ReadableTensor>,
  shown: string,
): Map<string, TensorChange> {
  const changes = new Map<string, TensorChange>();
  const modules = new Map<string, Parts>();
  const add = (name: string, change: TensorChange, from: string): void => {
    const target = base.get(name);
    if (target === undefined) throw noPlace(name, from, base, shown);
    checkShape(name, change, target.shape, shown);
    changes.set(name, change);
  };
  for (const [name, tensor] of tensors) {
    if (!isFloatDtype(tensor.dtype)) {
      throw new InputError(`${shown}: tensor ${name}: expected F32, F16 or BF16, found ${tensor.dtype}`);
    }
    const path = name.replace(/^base_model\.model\./, "");
    const [, module, embedding, part, kind] = LORA.exec(path) ?? [];
    if (module === undefined) {
      const target = path.replace(/\.(base_layer|original_module|modules_to_save(\.[^.]+)??)\.(weight|bias)$/, ".$3");
      add(target, { kind: "replacement", tensor }, name);
    } else if (kind === "bias") {
      add(`${module}.bias`, { kind: "bias", bias: tensor, scale: config.scalingOf(module).scale }, name);
    } else {
      const parts = modules.get(module) ?? { isEmbedding: embedding !== undefined };
      modules.set(module, part === "A" ? { ...parts, a: tensor } : { ...parts, b: tensor });
    }
  }
  for (const [module, { a, b, isEmbedding }] of modules) {
    if (a === undefined || b === undefined) {
      throw new InputError(`${shown}: module ${module}: expected lora_A and lora_B, found only one of them`);
    }
    const { rank, scale } = config.scalingOf(module);
    const change = { kind: "product", a, b, scale, transposed: isEmbedding || config.transposed } as const;
    checkRank(change, rank, module, shown);
    add(`${module}.weight`, change, a.name);
  }
  if (changes.size === 0) throw new InputError(`${shown}: expected tensors of a LoRA adapter, found none`);
  return changes;
}

function noPlace(name: string, from: string, base: ReadonlyMap<string, ReadableTensor>, shown: string): InputError {
  const tied = name === "lm_head.weight" && base.has("model.embed_tokens.weight");
  return new InputError(`${shown}: tensor ${from}: the base model has no tensor ${name}`, {
    hint: tied
      ? "The base model uses its embedding for lm_head: merge this adapter with peft and name the folder that it writes."
      : "The adapter is for another base model.",
  });
}

function checkRank({ a, b }: ProductChange, rank: number, module: string, shown: string): void {
  if (a.shape.length === 2 && b.shape.length === 2 && a.shape[0] === rank && b.shape[1] === rank) return;
  throw new InputError(
    `${shown}: module ${module}: expected [${rank}, inputs] and [outputs, ${rank}] by its config, ` +
      `found lora_A [${a.shape.join(", ")}] and lora_B [${b.shape.join(", ")}]`,
  );
}

function checkShape(name: string, change: TensorChange, expected: readonly number[], shown: string): void {
  const found = shapeOf(change);
  if (found.join() === expected.join()) return;
  throw new InputError(
    `${shown}: ${name}: expected shape [${expected.join(", ")}] of the base model, the adapter has [${found.join(", ")}]`,
    { hint: "The adapter is for another base model." },
  );
}

function shapeOf(change: TensorChange): readonly number[] {
  if (change.kind === "replacement") return change.tensor.shape;
  if (change.kind === "bias") return change.bias.shape;
  const [outputs = 0, inputs = 0] = [change.b.shape[0], change.a.shape[1]];
  return change.transposed ? [inputs, outputs] : [outputs, inputs];
}

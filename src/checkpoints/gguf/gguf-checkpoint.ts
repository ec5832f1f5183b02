import { InputError } from "../../base/errors.ts";
import { textAt } from "../../gguf/metadata.ts";
import { type GgufHeader, readGgufHeader } from "../../gguf/read-header.ts";
import type { ByteSource } from "../../tensors/byte-source.ts";
import { openFileSource } from "../../tensors/file-source.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { ARCHITECTURES, type Architecture } from "../architecture.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { readModelConfig } from "../config.ts";
import {
  architectureOfGguf,
  checkpointTensorName,
  GGUF_ARCHITECTURE,
  isRopeTensor,
  tensorChange,
} from "../tensor-names.ts";
import { madeTokenizer } from "../tokenizer/tokenizer-source.ts";
import { configOfGguf, type RopeFactors } from "./gguf-config.ts";
import { GgufTensorReader, type StoredGgufTensor } from "./gguf-reader.ts";
import { tokenizerOfGguf } from "./gguf-tokenizer.ts";

/**
 * Opens a GGUF file (F32, F16 or BF16) as a checkpoint: tensors under their Hugging Face names and with its elements, config
 * and tokenizer from the metadata. It has no tokenizer files.
 * @throws InputError if it is malformed, quantised, or of an architecture that is not known
 */
export async function openGgufCheckpoint(path: string): Promise<Checkpoint> {
  const source = await openFileSource(path);
  try {
    const header = await readGgufHeader(source);
    const architecture = readArchitecture(header, path);
    const named = nameTensors(header, architecture, path);
    const config = configOfGguf(header.metadata, architecture, named, await readRopeFactors(header, source), path);
    const typed = readModelConfig(config, path);
    const tensors = new Map(
      Array.from(named, ([name, tensor]) => [name, { ...tensor, change: tensorChange(typed, name) }]),
    );
    const reader = new GgufTensorReader(source, tensors);
    return {
      path,
      format: "gguf",
      reader,
      config,
      tokenizerFiles: madeTokenizer(path, new Map()),
      origins: [],
      tokenizer: tokenizerOfGguf(header.metadata, path),
      close: () => reader.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function readArchitecture({ metadata }: GgufHeader, path: string): Architecture {
  const found = textAt(metadata, "general.architecture");
  const known = found === undefined ? undefined : architectureOfGguf(found);
  if (known !== undefined) return known;
  const readable = [...new Set(ARCHITECTURES.map((architecture) => GGUF_ARCHITECTURE[architecture]))];
  throw new InputError(`${path}: expected a GGUF file of ${readable.join(", ")}, found ${found ?? "no architecture"}`, {
    hint: "Use the model's safetensors.",
  });
}

function nameTensors(
  header: GgufHeader,
  architecture: Architecture,
  path: string,
): Map<string, Omit<StoredGgufTensor, "change">> {
  const tensors = new Map<string, Omit<StoredGgufTensor, "change">>();
  for (const tensor of header.tensors) {
    if (isRopeTensor(tensor.name)) continue;
    const name = checkpointTensorName(architecture, tensor.name);
    if (name === undefined) {
      throw new InputError(`${path}: tensor ${tensor.name} has no place in a ${architecture} model`);
    }
    tensors.set(name, { ...tensor, name, file: path });
  }
  return tensors;
}

/** More frequencies than half a head has are none. */
const MAX_FACTORS = 4096;

async function readRopeFactors(header: GgufHeader, source: ByteSource): Promise<RopeFactors> {
  const read = async (name: string): Promise<readonly number[] | undefined> => {
    const tensor = header.tensors.find((candidate) => candidate.name === name);
    if (tensor === undefined) return undefined;
    const count = elementCount(tensor.shape);
    if (tensor.dtype !== "F32" || count > MAX_FACTORS) {
      throw new InputError(
        `${source.name}: tensor ${name}: expected at most ${MAX_FACTORS} of F32, found ${count} of ${tensor.dtype}`,
      );
    }
    const values = new Float32Array(count);
    await source.read(tensor.position, new Uint8Array(values.buffer));
    return [...values];
  };
  return {
    freqs: await read("rope_freqs.weight"),
    long: await read("rope_factors_long.weight"),
    short: await read("rope_factors_short.weight"),
  };
}

import { InputError } from "../../../src/base/errors.ts";
import { list, text, uint32 } from "../../../src/gguf/metadata.ts";
import { readGgufHeader } from "../../../src/gguf/read-header.ts";
import { layoutGguf } from "../../../src/gguf/write.ts";
import { readSafetensorsHeader } from "../../../src/safetensors/read-header.ts";
import type { ByteSource } from "../../../src/tensors/byte-source.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

/** Bytes as a file. */
function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    name: "input",
    byteLength: bytes.length,
    read: (position, into) => {
      if (position + into.length > bytes.length) throw new InputError("input: it ends too early");
      into.set(bytes.subarray(position, position + into.length));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function safetensorsSeed(): Uint8Array {
  const header = {
    __metadata__: { format: "pt" },
    "model.embed_tokens.weight": { dtype: "BF16", shape: [4, 2], data_offsets: [0, 16] },
    "model.norm.weight": { dtype: "F32", shape: [2], data_offsets: [16, 24] },
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + 24);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function ggufSeed(): Uint8Array {
  const metadata = new Map([
    ["general.architecture", text("qwen2")],
    ["qwen2.block_count", uint32(2)],
    ["tokenizer.ggml.tokens", list("string", ["a", "b", "<eos>"])],
  ]);
  const tensors = [
    { name: "token_embd.weight", storage: "F32", shape: [4, 2], from: { bytes: new Uint8Array(32) } },
  ] as const;
  const layout = layoutGguf(metadata, tensors);
  const bytes = new Uint8Array(layout.byteLength);
  bytes.set(layout.header);
  return bytes;
}

export const safetensors: FuzzTarget = {
  name: "safetensors",
  inputs: 2000,
  seeds: () => Promise.resolve([safetensorsSeed()]),
  read: (input) => readSafetensorsHeader(sourceOf(input)),
};

export const gguf: FuzzTarget = {
  name: "gguf",
  inputs: 2000,
  seeds: () => Promise.resolve([ggufSeed()]),
  read: (input) => readGgufHeader(sourceOf(input)),
};

import { assert, asyncProperty, nat } from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { type GgufMetadata, type GgufValue, list, text, uint32 } from "../../src/gguf/metadata.ts";
import { type GgufHeader, readGgufHeader } from "../../src/gguf/read-header.ts";
import { type GgufTensor, layoutGguf } from "../../src/gguf/write.ts";
import type { ByteSource } from "../../src/tensors/byte-source.ts";

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    name: "x.gguf",
    byteLength: bytes.byteLength,
    read: (position, into) => {
      into.set(bytes.subarray(position, position + into.byteLength));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function fileOf(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array {
  const layout = layoutGguf(metadata, tensors);
  const bytes = new Uint8Array(layout.byteLength);
  bytes.set(layout.header);
  return bytes;
}

const METADATA: GgufMetadata = new Map<string, GgufValue>([
  ["general.architecture", text("qwen2")],
  ["a.number", uint32(7)],
  ["a.list", list("string", ["α", "", "c"])],
  ["a.big", { type: "uint64", value: 2n ** 63n }],
  ["a.negative", { type: "int64", value: -5n }],
  ["a.flag", { type: "bool", value: true }],
  ["a.float", { type: "float64", value: 0.1 }],
]);
const TENSORS: readonly GgufTensor[] = [
  { name: "a", storage: "F32", shape: [3], from: { source: "A" } },
  { name: "b", storage: "BF16", shape: [5, 7], from: { source: "B" } },
  { name: "c", storage: "F16", shape: [2, 3, 4], from: { source: "C" } },
];

const read = (bytes: Uint8Array): Promise<GgufHeader> => readGgufHeader(sourceOf(bytes));

/** A copy with the 32 or 64 bits at a position replaced. */
function patched(position: number, value: number | bigint): Uint8Array {
  const bytes = fileOf(METADATA, TENSORS).slice();
  const view = new DataView(bytes.buffer);
  if (typeof value === "bigint") view.setBigUint64(position, value, true);
  else view.setUint32(position, value, true);
  return bytes;
}

/** Where the header of the untouched file says something about the tensor `name`. */
function infoPosition(name: string): number {
  const needle = Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0, 0, 0), Buffer.from(name)]);
  return Buffer.from(fileOf(METADATA, TENSORS)).indexOf(needle) + needle.length;
}

describe("readGgufHeader", () => {
  test("reads what layoutGguf wrote, every value type among it", async () => {
    const header = await read(fileOf(METADATA, TENSORS));
    expect([...header.metadata]).toEqual([...METADATA]);
    expect(header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([
      { name: "a", dtype: "F32", shape: [3] },
      { name: "b", dtype: "BF16", shape: [5, 7] },
      { name: "c", dtype: "F16", shape: [2, 3, 4] },
    ]);
    const { placements } = layoutGguf(METADATA, TENSORS);
    expect(header.tensors.map((tensor) => tensor.position)).toEqual(placements.map((place) => place.position));
    for (const { position } of placements) expect(position % 32).toBe(0);
  });

  test("reads a header longer than the first read", async () => {
    const tokens = Array.from({ length: 200_000 }, (_, i) => `token number ${i}`);
    const header = await read(fileOf(new Map([["t", list("string", tokens)]]), TENSORS));
    expect(header.metadata.get("t")).toEqual(list("string", tokens));
  });

  test("writes constants into the header", async () => {
    const constant: GgufTensor = { name: "k", storage: "F32", shape: [1], from: { bytes: Uint8Array.of(1, 2, 3, 4) } };
    const bytes = fileOf(METADATA, [...TENSORS, constant]);
    const found = (await read(bytes)).tensors.find(({ name }) => name === "k");
    expect(bytes.slice(found?.position, (found?.position ?? 0) + 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test("does not write rows that are no whole blocks", () => {
    expect(() => fileOf(METADATA, [{ name: "q", storage: "Q8_0", shape: [2, 33], from: { source: "q" } }])).toThrow(
      "Q8_0",
    );
  });

  test.each([
    ["another magic", () => patched(0, 0x46554747 + 1), "expected a GGUF file"],
    ["version 1", () => patched(4, 1), "version 2 or 3"],
    ["an absurd number of tensors", () => patched(8, 2n ** 60n), "the number of tensors"],
    ["an absurd number of keys", () => patched(16, 2n ** 63n), "the number of metadata keys"],
    ["an absurd key length", () => patched(24, 2n ** 40n), "the length of a metadata key"],
    ["more dimensions than ggml has", () => patched(infoPosition("b"), 5), "at most 4 dimensions"],
    ["a dimension of 2^64 - 1", () => patched(infoPosition("b") + 4, 2n ** 64n - 1n), "a size of tensor b"],
    ["sizes whose product overflows", () => patched(infoPosition("b") + 4, 2n ** 52n), "absurdly large"],
    ["a quantised tensor", () => patched(infoPosition("b") + 20, 8), "ggml type 8"],
    ["an offset that is not aligned", () => patched(infoPosition("b") + 24, 33n), "in steps of 32"],
    ["an offset outside of the file", () => patched(infoPosition("b") + 24, 2n ** 20n), "truncated"],
    ["overlapping tensors", () => patched(infoPosition("b") + 24, 0n), "overlap"],
    ["two tensors of one name", () => fileOf(METADATA, [...TENSORS, ...TENSORS]), "occurs twice"],
    ["an empty file", () => new Uint8Array(0), "does not end"],
    ["an alignment of 3", () => fileOf(new Map([["general.alignment", uint32(3)]]), []), "power of two"],
  ])("refuses %s", async (_what, make, message) => {
    await expect(read(make())).rejects.toThrow(message);
    await expect(read(make())).rejects.toThrow(InputError);
  });

  test("refuses a file cut anywhere", async () => {
    const whole = fileOf(METADATA, TENSORS);
    for (let length = 0; length < whole.byteLength - 16; length += 7) {
      await expect(read(whole.slice(0, length))).rejects.toThrow(InputError);
    }
  });

  test("answers or refuses, whatever single byte is damaged", async () => {
    const whole = fileOf(METADATA, TENSORS);
    await assert(
      asyncProperty(nat(whole.byteLength - 1), nat(255), async (position, value) => {
        const bytes = whole.slice();
        bytes[position] = value;
        const outcome = await read(bytes).then(
          ({ tensors }) => tensors.every((tensor) => tensor.position + tensor.byteLength <= bytes.byteLength),
          (error: unknown) => error instanceof InputError,
        );
        expect(outcome).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

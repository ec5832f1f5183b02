import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { parseSafetensorsIndex } from "../../src/safetensors/read-index.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { openWeights } from "../helpers/models/open-weights.ts";

const scratch = scratchFolder();

const name = fc.string({ minLength: 1, maxLength: 20, unit: "binary" }).filter((text) => text !== "__metadata__");
const tensors = fc.uniqueArray(
  fc.record({
    name,
    dtype: fc.constantFrom("F32", "F16", "BF16"),
    shape: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
  }),
  { selector: (tensor) => tensor.name, maxLength: 6 },
);

function fileOf(list: Parameters<typeof layoutSafetensors>[0]): Uint8Array {
  const { header, byteLength } = layoutSafetensors(list);
  const bytes = new Uint8Array(byteLength);
  bytes.set(header);
  return bytes;
}

/** What comes of an action, or undefined if it refuses its input with an InputError. */
async function accepted<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Reads every tensor to its end; @returns their names, or undefined if the file is refused */
async function open(bytes: Uint8Array): Promise<string[] | undefined> {
  const path = join(scratch, "x.safetensors");
  await writeFile(path, bytes);
  const reader = await accepted(openWeights(path));
  if (reader === undefined) return undefined;
  try {
    for (const { name: tensor, byteLength } of reader.tensors.values()) {
      if (byteLength > bytes.byteLength) throw new Error(`${tensor} is larger than the file`);
      // A tensor that is not in the file would end too early.
      await reader.read(tensor, 0, new Uint8Array(byteLength));
    }
    return [...reader.tensors.keys()];
  } finally {
    await reader.close();
  }
}

test("whatever tensors are written are read again", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, async (list) => {
      expect((await open(fileOf(list)))?.toSorted()).toEqual(list.map((tensor) => tensor.name).toSorted());
    }),
    { numRuns: 100 },
  );
});

test("a file that was damaged anywhere is refused, or all it names is inside of it", async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(tensors, damage, fc.nat({ max: 3 }), async (list, changes, cut) => {
      const bytes = fileOf(list);
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      if ((await open(bytes.subarray(0, bytes.length - cut))) === undefined) refused++;
    }),
    { numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(100);
});

test("an index of any JSON gives names of files in its folder, or is refused", async () => {
  const path = join(scratch, "model.safetensors.index.json");
  const file = fc.oneof(
    fc.string(),
    fc.constantFrom("a.safetensors", "../a.safetensors", "/a.safetensors"),
    fc.jsonValue(),
  );
  const index = fc.oneof(fc.jsonValue(), fc.record({ weight_map: fc.dictionary(fc.string(), file) }));
  await fc.assert(
    fc.asyncProperty(index, async (value) => {
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      const read = Promise.resolve().then(() => parseSafetensorsIndex(bytes, path));
      const shards = (await accepted(read)) ?? new Map<string, string>();
      expect([...shards.values()].filter((shard) => /[/\\]/.test(shard))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

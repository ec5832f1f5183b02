import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { openSafetensorsFolder } from "../../src/safetensors/open-folder.ts";
import { openFileFolder } from "../../src/tensors/file-folder.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { openWeights } from "../helpers/models/open-weights.ts";
import { entry, writeRaw } from "./write-raw.ts";

const scratch = scratchFolder();

async function failureOf(action: Promise<unknown>): Promise<string> {
  const failure = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(InputError);
  return String(failure);
}

const A = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
const HEADERS: readonly (readonly [string, unknown, number, RegExp])[] = [
  ["data cut off", { a: A }, 3, /expected \d+ bytes by its header, found \d+: it is truncated/],
  ["bytes too many", { a: A }, 5, /there are bytes too many/],
  ["tensors that overlap", { a: A, b: entry(2) }, 6, /"b".*overlaps/],
  ["a gap between tensors", { a: A, b: entry(8) }, 12, /"b".*leaves a gap/],
  ["a tensor outside of the file", { a: entry(1e12, 1e12 + 4) }, 4, /"a".*expected its data at byte 0/],
  ["offsets that run backwards", { a: entry(4, 0) }, 4, /"a": expected 4 bytes.*found data_offsets \[4, 0\]/],
  ["a negative offset", { a: entry(-4, 0) }, 4, /"a": expected data_offsets/],
  ["an offset that is no number", { a: { ...A, data_offsets: ["0", "4"] } }, 4, /"a": expected data_offsets/],
  ["a missing offset", { a: { ...A, data_offsets: [4] } }, 4, /"a": expected data_offsets/],
  ["a negative size", { a: { ...A, shape: [-1] } }, 4, /"a": expected a shape/],
  ["a fraction of a size", { a: { ...A, shape: [0.5] } }, 4, /"a": expected a shape/],
  ["an absurd size", { a: { ...A, shape: [2 ** 40, 2 ** 40] } }, 4, /"a": expected .* bytes for F32/],
  ["a hundred dimensions", { a: { ...A, shape: Array.from({ length: 100 }, () => 1) } }, 4, /at most 16 sizes/],
  [
    "a size below 0",
    { a: { ...A, shape: [-1, -2] } },
    4,
    /expected a shape of whole numbers from 0 on, found \[-1,-2\]/,
  ],
  ["a size that is half", { a: { ...A, shape: [0.5, 2] } }, 4, /whole numbers from 0 on, found \[0\.5,2\]/],
  ["a dtype that does not exist", { a: { ...A, dtype: "F33" } }, 4, /"a": expected a known dtype, found "F33"/],
  ["a quantized dtype", { a: { ...A, dtype: "F8_E4M3" } }, 4, /expected a known dtype/],
  ["a tensor that is no object", { a: [1] }, 4, /"a": expected an object/],
  ["metadata that is no text", { __metadata__: { step: 1 } }, 0, /"step" to be text/],
  ["metadata that is no object", { __metadata__: "pt" }, 0, /__metadata__ to be an object/],
  ["a name twice", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":0}', 4, /"a" twice/],
  ["a name twice, spelled differently", '{"a":{},"\\u0061":{}}', 4, /"a" twice/],
  ["a header that is no JSON", "{ a", 0, /expected JSON/],
  ["a header that is a list", "[]", 0, /expected a JSON object/],
  ["a header of other bytes", "{}\u0000", 0, /expected JSON/],
];

describe("a safetensors file is refused with its name and what is wrong", () => {
  test.each(HEADERS)("%s", async (name, header, dataBytes, message) => {
    const path = await writeRaw(join(scratch, `${name}.safetensors`), header, dataBytes);
    const failure = await failureOf(openWeights(path));
    expect(failure).toMatch(message);
    expect(failure).toContain(path);
  });

  test("an empty file", async () => {
    const path = join(scratch, "empty.safetensors");
    await writeFile(path, "");
    expect(await failureOf(openWeights(path))).toMatch(/8 bytes or more.*found 0 bytes/);
  });

  test("a header that claims more than the file has", async () => {
    const path = await writeRaw(join(scratch, "cut.safetensors"), { a: A }, 4);
    await truncate(path, 20);
    expect(await failureOf(openWeights(path))).toMatch(/the header needs \d+ bytes, the file has 20/);
  });

  test("a header length beyond all sense, without trying to hold it in memory", async () => {
    const path = join(scratch, "huge.safetensors");
    await writeFile(path, Buffer.alloc(16, 0xff));
    expect(await failureOf(openWeights(path))).toMatch(
      /at most 100000000 bytes, found a length of 18446744073709551615/,
    );
  });

  test("a folder in place of the file", async () => {
    expect(await failureOf(openWeights(scratch))).toMatch(/to be a file/);
  });
});

/** A folder with two shards of a tensor each, and an index. */
async function shardedFolder(name: string, weightMap: unknown): Promise<string> {
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  await writeRaw(join(folder, "one.safetensors"), { a: entry(0) }, 4);
  await writeRaw(join(folder, "two.safetensors"), { b: entry(0) }, 4);
  const text = typeof weightMap === "string" ? weightMap : JSON.stringify({ weight_map: weightMap });
  await writeFile(join(folder, "model.safetensors.index.json"), text);
  return folder;
}

const INDEXES: readonly (readonly [string, unknown, RegExp])[] = [
  ["a path out of the folder", { a: "../one.safetensors" }, /in the same folder, found "..\/one.safetensors"/],
  ["an absolute path", { a: "/etc/passwd.safetensors" }, /in the same folder/],
  ["a path with backslashes", { a: "..\\one.safetensors" }, /in the same folder/],
  ["a file of another kind", { a: "one.bin" }, /name of a .safetensors file/],
  ["a shard that is not there", { a: "three.safetensors" }, /Expected a file .*three.safetensors, found none/],
  ["a tensor that its shard does not have", { a: "two.safetensors" }, /expected tensor "a" in two.safetensors/],
  ["no tensors", {}, /expected tensors/],
  ["no weight_map", "{}", /expected "weight_map" to be an object, found none/],
  ["a tensor twice", '{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}', /"a" twice/],
  ["no JSON", "<html>", /expected JSON/],
];

describe("an index is refused", () => {
  test.each(INDEXES)("%s", async (name, weightMap, message) => {
    expect(await failureOf(openSafetensorsFolder(await openFileFolder(await shardedFolder(name, weightMap))))).toMatch(
      message,
    );
  });

  test("a tensor in two shards", async () => {
    const folder = await shardedFolder("twins", { a: "one.safetensors", b: "two.safetensors" });
    await writeRaw(join(folder, "two.safetensors"), { a: entry(0), b: entry(4) }, 8);
    expect(await failureOf(openSafetensorsFolder(await openFileFolder(folder)))).toMatch(
      /"a" in .*one.safetensors and .*two.safetensors/,
    );
  });

  test("a shard that is a link out of the folder", async () => {
    const outside = await writeRaw(join(scratch, "outside.safetensors"), { c: entry(0) }, 4);
    const folder = await shardedFolder("linked", { c: "three.safetensors" });
    await symlink(outside, join(folder, "three.safetensors"));
    expect(await failureOf(openSafetensorsFolder(await openFileFolder(folder)))).toMatch(
      /found a link to .*outside.safetensors/,
    );
  });
});

test("links into the blobs of a Hugging Face cache are followed", async () => {
  const snapshot = join(scratch, "hub", "snapshots", "abc");
  await mkdir(snapshot, { recursive: true });
  await mkdir(join(scratch, "hub", "blobs"));
  await writeRaw(join(scratch, "hub", "blobs", "123"), { a: entry(0) }, 4);
  await symlink("../../blobs/123", join(snapshot, "model.safetensors"));
  const reader = await openSafetensorsFolder(await openFileFolder(snapshot));
  expect([...reader.tensors.keys()]).toEqual(["a"]);
  await reader.close();
});

test("a pickle is refused with the way out", async () => {
  const folder = join(scratch, "pickle");
  await mkdir(folder);
  await writeFile(join(folder, "pytorch_model.bin"), "x");
  await expect(openSafetensorsFolder(await openFileFolder(folder))).rejects.toMatchObject({
    hint: expect.stringMatching(/convert it to safetensors/),
  });
});

test("shards are read as one checkpoint, by ranges", async () => {
  const folder = await shardedFolder("good", { a: "one.safetensors", b: "two.safetensors" });
  await writeFile(join(folder, "two.safetensors"), Buffer.alloc(0));
  await writeRaw(join(folder, "two.safetensors"), { b: { dtype: "U8", shape: [3], data_offsets: [0, 3] } }, 3);
  const reader = await openSafetensorsFolder(await openFileFolder(folder));
  const into = new Uint8Array([9, 9]);
  await reader.read("b", 1, into);
  expect(Array.from(into)).toEqual([0, 0]);
  await expect(reader.read("b", 2, into)).rejects.toThrow(RangeError);
  await reader.close();
});

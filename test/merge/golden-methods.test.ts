import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type MergePlan, planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipeYaml } from "../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { openSafetensorsFolder } from "../../src/safetensors/open-folder.ts";
import { decodeTo } from "../../src/tensors/convert.ts";
import { isFloatDtype } from "../../src/tensors/dtype.ts";
import { openFileFolder } from "../../src/tensors/file-folder.ts";
import type { TensorReader } from "../../src/tensors/tensor-reader.ts";
import type { TensorStream } from "../../src/tensors/write/tensor-stream.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { sha256File } from "../helpers/files/sha256-file.ts";
import { type GoldenCase, goldenCases, goldenFolder, goldenOutput } from "../helpers/golden-merge.ts";

/** Where mergekit's bytes depend on the processor, and what ours are. */
interface Allowance {
  readonly why: string;
  /** By how much elements may differ from the vector's, as a part of the largest value of the tensor. */
  readonly relative: number;
  /** SHA-256 of model.safetensors as mergekit's own formula makes it on a processor without what the vectors were made with. */
  readonly elsewhere: string;
}

const ALLOWANCES: Readonly<Record<string, Allowance>> = {
  slerp_f32: {
    why: "with AVX-512, NumPy's arccos begins with an approximate instruction: the angle of 5 of 12 tensors is one unit in the last place off the nearest number, and so are the two factors of the tensor",
    relative: 2 ** -22,
    // By NumPy 2.4.6 on an AMD EPYC without AVX-512.
    elsewhere: "4ee538f4ee0eb6df42123200948614e1971eda861104fdab51fca16bd55b21f8",
  },
};

const cases = goldenCases.filter(
  ({ merge_method: method, expect: outcome }) => method !== "linear" && outcome === "output",
);

describe("merges by other methods agree with mergekit's vectors", () => {
  const exact = cases.filter(({ name }) => ALLOWANCES[name] === undefined);
  test.each(exact.map((golden) => [golden.name, golden] as const))("%s, byte for byte", async (_name, golden) => {
    expect(await digestOfMerge(golden)).toBe(golden.files?.["model.safetensors"]?.sha256);
  });

  describe.each(Object.entries(ALLOWANCES))("%s depends on the processor", (name, { relative, elsewhere }) => {
    const golden = cases.find((one) => one.name === name);
    const theirs = goldenOutput(name);

    test("ours has the bytes of a processor without AVX-512", async () => {
      expect(await digestOfMerge(golden)).toBe(elsewhere);
    });

    test.skipIf(theirs === undefined)("ours is as near as the reason says", async () => {
      let elements = 0;
      let different = 0;
      for (const pair of await mergeBoth(golden, theirs ?? "")) {
        const largest = pair.theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        elements += pair.theirs.length;
        pair.theirs.forEach((value, index) => {
          if (!(Math.abs((pair.ours[index] ?? Number.NaN) - value) <= largest * relative)) different++;
        });
      }
      expect(elements).toBeGreaterThan(0);
      expect(different).toBe(0);
    });
  });

  test.each(cases.map((golden) => [golden.name, golden] as const))(
    "%s does not depend on the order in which tensors are asked for",
    async (_name, golden) => {
      const [forwards, backwards] = [await planCase(golden), await planCase(golden)];
      try {
        const first = await digestsOf(mergeStreams(forwards));
        const last = await digestsOf(mergeStreams(backwards).toReversed());
        expect(first.size).toBeGreaterThan(0);
        expect(last).toEqual(first);
      } finally {
        await forwards.close();
        await backwards.close();
      }
    },
  );
});

async function digestsOf(streams: readonly TensorStream[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const stream of streams) {
    const hash = createHash("sha256");
    for await (const piece of stream.chunks()) hash.update(piece);
    digests.set(stream.name, hash.digest("hex"));
  }
  return digests;
}

async function digestOfMerge(golden: GoldenCase | undefined): Promise<string> {
  const folder = scratchFolder();
  const plan = await planCase(golden);
  try {
    await writeMergedCheckpoint(plan, join(folder, "out"), { onNonFinite: () => {} });
    return await sha256File(join(folder, "out", "model.safetensors"));
  } finally {
    await plan.close();
  }
}

async function planCase(golden: GoldenCase | undefined): Promise<MergePlan> {
  if (golden === undefined) throw new Error("There is no such vector");
  const seedFlag = golden.cli_args.indexOf("--random-seed");
  const seed = seedFlag < 0 ? 0 : Number(golden.cli_args[seedFlag + 1]);
  const text = await readFile(join(goldenFolder, golden.config), "utf8");
  // One that drops everything where it should drop the smallest: breadcrumbs in mergekit, on tensors below 100 elements.
  return await planMerge(parseRecipeYaml(text, golden.config), { root: goldenFolder, seed, compat: true });
}

async function mergeBoth(
  golden: GoldenCase | undefined,
  output: string,
): Promise<{ ours: Float32Array; theirs: Float32Array }[]> {
  const plan = await planCase(golden);
  const given = await openSafetensorsFolder(await openFileFolder(output));
  const pairs: { ours: Float32Array; theirs: Float32Array }[] = [];
  try {
    expect(
      mergeStreams(plan)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...given.tensors.keys()].toSorted());
    for (const stream of mergeStreams(plan)) {
      const pieces: Uint8Array[] = [];
      for await (const piece of stream.chunks()) pieces.push(piece.slice());
      const bytes = new Uint8Array(Buffer.concat(pieces));
      const ours = new Float32Array(bytes.length / (stream.dtype === "F32" ? 4 : 2));
      decodeTo(ours, stream.dtype, bytes);
      pairs.push({ ours, theirs: await readValues(given, stream.name) });
    }
  } finally {
    await given.close();
    await plan.close();
  }
  return pairs;
}

async function readValues(reader: TensorReader, name: string): Promise<Float32Array> {
  const tensor = reader.tensors.get(name);
  if (tensor === undefined || !isFloatDtype(tensor.dtype)) throw new Error(`Expected floats in ${name}`);
  const bytes = new Uint8Array(tensor.byteLength);
  await reader.read(name, 0, bytes);
  const values = new Float32Array(tensor.byteLength / (tensor.dtype === "F32" ? 4 : 2));
  decodeTo(values, tensor.dtype, bytes);
  return values;
}

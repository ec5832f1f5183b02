import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseRecipeYaml } from "../../src/merge/parse-recipe.ts";
import { type MergePlan, planMerge } from "../../src/merge/plan.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { openSafetensorsFolder } from "../../src/safetensors/open-folder.ts";
import { decodeTo } from "../../src/tensors/convert.ts";
import { isFloatDtype } from "../../src/tensors/dtype.ts";
import type { TensorReader } from "../../src/tensors/tensor-reader.ts";
import { type GoldenCase, goldenCases, goldenFolder, VECTORS_ABSENT } from "../helpers/golden-merge.ts";

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

const cases = goldenCases().filter(
  ({ merge_method: method, expect: outcome }) => method !== "linear" && outcome === "output",
);
const compared = { exact: 0, elements: 0 };

afterAll(() => {
  if (cases.length === 0) process.stdout.write(`${VECTORS_ABSENT}\n`);
  else
    process.stdout.write(
      `mergekit's vectors of other methods: ${cases.length} cases, ${compared.exact} of them identical, ` +
        `${compared.elements} elements compared\n` +
        Object.entries(ALLOWANCES)
          .map(([name, { why }]) => `  ${name} is not: ${why}\n`)
          .join(""),
    );
});

describe.skipIf(cases.length === 0)("merges by other methods agree with mergekit's vectors", () => {
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (name, golden) => {
    const allowance = ALLOWANCES[name];
    let elements = 0;
    let different = 0;
    for (const { ours, theirs } of await mergeBoth(golden)) {
      const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      elements += theirs.length;
      theirs.forEach((value, index) => {
        const mine = ours[index] ?? Number.NaN;
        if (!Object.is(mine, value) && !(Math.abs(mine - value) <= largest * (allowance?.relative ?? 0))) different++;
      });
    }
    compared.elements += elements;
    if (allowance === undefined) compared.exact++;
    expect(elements).toBeGreaterThan(0);
    expect(different).toBe(0);
  });

  test.each(Object.entries(ALLOWANCES))("%s has the bytes of another processor", async (name, { elsewhere }) => {
    const folder = await mkdtemp(join(tmpdir(), "mergesweep-golden-"));
    const plan = await planCase(cases.find((golden) => golden.name === name));
    try {
      await writeMergedCheckpoint(plan, join(folder, "out"));
      const bytes = await readFile(join(folder, "out", "model.safetensors"));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(elsewhere);
    } finally {
      await plan.close();
      await rm(folder, { recursive: true });
    }
  });
});

async function planCase(golden: GoldenCase | undefined): Promise<MergePlan> {
  if (golden === undefined) throw new Error("There is no such vector");
  const root = goldenFolder ?? "";
  const seedFlag = golden.cli_args.indexOf("--random-seed");
  const seed = seedFlag < 0 ? 0 : Number(golden.cli_args[seedFlag + 1]);
  const text = await readFile(join(root, golden.config), "utf8");
  // One that drops everything where it should drop the smallest: breadcrumbs in mergekit, on tensors below 100 elements.
  return await planMerge(parseRecipeYaml(text, golden.config), { root, seed, compat: true });
}

async function mergeBoth(golden: GoldenCase): Promise<{ ours: Float32Array; theirs: Float32Array }[]> {
  const plan = await planCase(golden);
  const given = await openSafetensorsFolder(join(goldenFolder ?? "", "cases", golden.name, "out"));
  const pairs: { ours: Float32Array; theirs: Float32Array }[] = [];
  try {
    expect(
      mergeStreams(plan)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...given.tensors.keys()].toSorted());
    // Backwards: draws belong to tensors, not to the order in which they are asked for.
    for (const stream of mergeStreams(plan).toReversed()) {
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

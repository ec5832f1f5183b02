import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { mergeTensor, type ReadInput } from "../../../src/merge/merge-tensor.ts";
import { mergeMethodOf } from "../../../src/merge/methods/index.ts";
import type { TensorMerge } from "../../../src/merge/methods/method.ts";
import type { FloatDtype } from "../../../src/tensors/dtype.ts";
import { torchInputs } from "../../helpers/torch-inputs.ts";

/**
 * SHA-256 (its beginning) of what mergekit's formulas make of `torchInputs` in PyTorch 2.13 with one thread, for widths that
 * bfloat16 cannot count and densities that it cannot hold: cases that mergekit's own vectors do not have. In F32, the angles of
 * nuslerp and karcher are Intel's, whose last bit nobody publishes: they are not compared. Nor is arcee_fusion where the last
 * bit of a softmax puts a change just across the threshold.
 */
const DIGESTS: readonly (readonly [
  method: string,
  dtype: FloatDtype,
  shape: readonly [number, number],
  parameters: Readonly<Record<string, number>>,
  digest: string,
])[] = [
  ["breadcrumbs_ties", "BF16", [7, 258], {}, "e3d1188c4cdc9789"],
  ["ties", "BF16", [7, 258], {}, "6058bc66c58b9f8c"],
  ["dare_ties", "BF16", [7, 258], {}, "d6694adae89a904a"],
  ["della", "BF16", [7, 258], {}, "6f113df14bbbc766"],
  ["della_linear", "BF16", [7, 258], {}, "fce940c0b1f872ca"],
  ["model_stock", "BF16", [7, 258], { filter_wise: 1 }, "007fe0f07b54f4c4"],
  ["model_stock", "BF16", [7, 258], {}, "9b547b2e1d7cd5a6"],
  ["karcher", "BF16", [7, 258], {}, "7535c4ff5bc6ff24"],
  ["nuslerp", "BF16", [7, 258], {}, "946c5fc615b49323"],
  ["nuslerp", "BF16", [7, 258], { nuslerp_flatten: 0 }, "dfe3e23de8badd57"],
  ["nuslerp", "BF16", [7, 258], { nuslerp_flatten: 0, nuslerp_row_wise: 1 }, "e5f31fb25994e3a4"],
  ["breadcrumbs_ties", "BF16", [5, 256], {}, "f95d00f92da25351"],
  ["ties", "BF16", [5, 256], {}, "5150fa64484e0cc5"],
  ["dare_ties", "BF16", [5, 256], {}, "1f7a9c52b8fff376"],
  ["della", "BF16", [5, 256], {}, "a9cf8fb4ca5fbc68"],
  ["della_linear", "BF16", [5, 256], {}, "085faa043186ff48"],
  ["model_stock", "BF16", [5, 256], { filter_wise: 1 }, "e6a720eb139a0663"],
  ["model_stock", "BF16", [5, 256], {}, "c3e42bfb508d7f9a"],
  ["karcher", "BF16", [5, 256], {}, "c5189a5d2ac2be46"],
  ["nuslerp", "BF16", [5, 256], {}, "079502c397713be6"],
  ["nuslerp", "BF16", [5, 256], { nuslerp_flatten: 0 }, "036c842c99601ad5"],
  ["nuslerp", "BF16", [5, 256], { nuslerp_flatten: 0, nuslerp_row_wise: 1 }, "e4c88428c1196ceb"],
  ["breadcrumbs_ties", "F16", [7, 258], {}, "4eeb28bd617f2105"],
  ["ties", "F16", [7, 258], {}, "49303091c5b2780e"],
  ["dare_ties", "F16", [7, 258], {}, "32ee0fed29bcc1f8"],
  ["della", "F16", [7, 258], {}, "b593f87a70189f35"],
  ["della_linear", "F16", [7, 258], {}, "e9ddbc6a33c6a841"],
  ["model_stock", "F16", [7, 258], { filter_wise: 1 }, "cb5c0a99d3a970ee"],
  ["model_stock", "F16", [7, 258], {}, "8d66a32a17125fe3"],
  ["karcher", "F16", [7, 258], {}, "10fea4f3864a233f"],
  ["nuslerp", "F16", [7, 258], {}, "4c65f67ea1821297"],
  ["nuslerp", "F16", [7, 258], { nuslerp_flatten: 0 }, "a5f62a427c5c2971"],
  ["nuslerp", "F16", [7, 258], { nuslerp_flatten: 0, nuslerp_row_wise: 1 }, "7b25c3ec04803df7"],
  ["breadcrumbs_ties", "F16", [5, 256], {}, "e8eb7770e8d77714"],
  ["ties", "F16", [5, 256], {}, "5ba43e9073726f4e"],
  ["dare_ties", "F16", [5, 256], {}, "ff83c228b2e1fe10"],
  ["della", "F16", [5, 256], {}, "3863ed5cc7e6ef58"],
  ["della_linear", "F16", [5, 256], {}, "5c4ec4b93b1547f2"],
  ["model_stock", "F16", [5, 256], { filter_wise: 1 }, "3b6d5218834ab78b"],
  ["model_stock", "F16", [5, 256], {}, "586aceb9cfcba19f"],
  ["karcher", "F16", [5, 256], {}, "7ac97b1c1be6b595"],
  ["nuslerp", "F16", [5, 256], {}, "09abcb552fe92298"],
  ["nuslerp", "F16", [5, 256], { nuslerp_flatten: 0 }, "466cc4281b1db8de"],
  ["nuslerp", "F16", [5, 256], { nuslerp_flatten: 0, nuslerp_row_wise: 1 }, "4e9e1fc740eebb27"],
  ["breadcrumbs_ties", "F32", [7, 258], {}, "9a409ac64abdcf7b"],
  ["ties", "F32", [7, 258], {}, "4baeba6aecae583c"],
  ["dare_ties", "F32", [7, 258], {}, "07c0534836f30159"],
  ["della", "F32", [7, 258], {}, "6f87d68c0b9b55f9"],
  ["della_linear", "F32", [7, 258], {}, "46056d3714465695"],
  ["model_stock", "F32", [7, 258], { filter_wise: 1 }, "3196500aad3282b0"],
  ["model_stock", "F32", [7, 258], {}, "c46c6eb7091878dd"],
  ["nuslerp", "F32", [7, 258], {}, "ed00a65678efbe13"],
  ["breadcrumbs_ties", "F32", [5, 256], {}, "e14473cb4768fd17"],
  ["ties", "F32", [5, 256], {}, "5133490638f57122"],
  ["dare_ties", "F32", [5, 256], {}, "934d26c2db193776"],
  ["della", "F32", [5, 256], {}, "83d7851e160cef56"],
  ["della_linear", "F32", [5, 256], {}, "26f42c8748984b2f"],
  ["model_stock", "F32", [5, 256], { filter_wise: 1 }, "2948a8352075f03b"],
  ["model_stock", "F32", [5, 256], {}, "000854ef8f6d3ae9"],
  ["nuslerp", "F32", [5, 256], {}, "e1cb89720e775ffe"],
  ["multislerp", "BF16", [7, 258], {}, "fea973441f10b9e1"],
  ["ram", "BF16", [7, 258], {}, "48320920582e99f0"],
  ["ram", "BF16", [7, 258], { epsilon: 0.002 }, "c496b5468b2d6abd"],
  ["ramplus_tl", "BF16", [7, 258], { epsilon: 0.002 }, "c91c9d253424c29d"],
  ["arcee_fusion", "BF16", [7, 258], {}, "3e27b232204cb279"],
  ["multislerp", "BF16", [5, 256], {}, "3df16b3f4203b94b"],
  ["ram", "BF16", [5, 256], {}, "6a066636d7346ece"],
  ["ram", "BF16", [5, 256], { epsilon: 0.002 }, "532ba63898c1dd77"],
  ["ramplus_tl", "BF16", [5, 256], { epsilon: 0.002 }, "84216c3f431180be"],
  ["arcee_fusion", "BF16", [5, 256], {}, "af5fd2e23deb1452"],
  ["multislerp", "F16", [7, 258], {}, "3959922925c3660e"],
  ["ram", "F16", [7, 258], {}, "9d665d463cc86ada"],
  ["ram", "F16", [7, 258], { epsilon: 0.002 }, "a95d28dffd04750f"],
  ["ramplus_tl", "F16", [7, 258], { epsilon: 0.002 }, "e237064841630b5c"],
  ["arcee_fusion", "F16", [7, 258], {}, "ab8cbb3db9d9681d"],
  ["multislerp", "F16", [5, 256], {}, "db3cf2700d046c1c"],
  ["ram", "F16", [5, 256], {}, "800453596c22ea48"],
  ["ram", "F16", [5, 256], { epsilon: 0.002 }, "7822719e514e6b06"],
  ["ramplus_tl", "F16", [5, 256], { epsilon: 0.002 }, "92ce286f02ecf03f"],
  ["multislerp", "F32", [7, 258], {}, "13542ab1d76ee8f2"],
  ["ram", "F32", [7, 258], {}, "cde85962a66801b7"],
  ["ram", "F32", [7, 258], { epsilon: 0.002 }, "57183cb2e265333e"],
  ["ramplus_tl", "F32", [7, 258], { epsilon: 0.002 }, "9b934da0dc0ac2f7"],
  ["arcee_fusion", "F32", [7, 258], {}, "abe8af6d2261e738"],
  ["multislerp", "F32", [5, 256], {}, "3580f5a3480bea19"],
  ["ram", "F32", [5, 256], {}, "7962cc0e6449923e"],
  ["ram", "F32", [5, 256], { epsilon: 0.002 }, "9953aeb11731a7a3"],
  ["ramplus_tl", "F32", [5, 256], { epsilon: 0.002 }, "a5e6d2a37743d330"],
  ["arcee_fusion", "F32", [5, 256], {}, "808a3cc063cba856"],
];

const WEIGHTS = [0.4, 0.7];
const DENSITIES = [0.6, 0.3];
const SEED = 7;

test.each(DIGESTS)("%s in %s of %o %o is PyTorch's", async (name, dtype, shape, parameters, digest) => {
  expect(await digestOf(name, dtype, shape, parameters)).toBe(digest);
});

async function digestOf(
  name: string,
  dtype: FloatDtype,
  shape: readonly [number, number],
  parameters: Readonly<Record<string, number>>,
): Promise<string> {
  const method = mergeMethodOf(name);
  if (method === undefined) throw new Error(`There is no method ${name}`);
  const given = new Map(Object.entries(parameters));
  const common = method.parameters.filter(({ scope }) => scope === "merge");
  const hasBase = method.baseModel !== "unused";
  const tensor: TensorMerge = {
    name: "t",
    shape,
    work: dtype,
    result: dtype,
    dtype,
    compat: false,
    parameters: new Map(common.map(({ name: key, fallback }) => [key, given.get(key) ?? fallback ?? 0])),
    inputs: [0, 1, 2].slice(0, method.models.most).map((index) => ({
      dtype,
      isBase: hasBase && index === 0,
      parameters: new Map([
        ["weight", WEIGHTS[index - 1] ?? 0],
        ["density", DENSITIES[index - 1] ?? 1],
        ["gamma", 0.01],
        ["epsilon", 0.15],
      ]),
    })),
  };
  const reads = torchInputs(dtype, shape[0] * shape[1]).map((bytes): ReadInput => {
    return (start, into) => Promise.resolve(into.set(bytes.subarray(start, start + into.length)));
  });
  const hash = createHash("sha256");
  for await (const piece of mergeTensor(method, tensor, reads, { seed: SEED, first: 0 })) hash.update(piece);
  return hash.digest("hex").slice(0, 16);
}

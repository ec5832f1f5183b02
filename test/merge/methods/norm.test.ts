import { expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { normOf } from "../../../src/merge/methods/torch/rounded.ts";

/** Bits of `torch.norm` (PyTorch 2.13, F32) of the first numbers of one sequence, by how many they are. */
const NORMS: readonly (readonly [count: number, bits: number])[] = [
  [1, 1052922971],
  [3, 1063161035],
  [6, 1067370739],
  [7, 1068006511],
  [9, 1069954159],
  [10, 1070724508],
  [13, 1072292136],
  [14, 1074034593],
  [15, 1074039443],
  [18, 1074969728],
  [22, 1076359153],
  [26, 1077469592],
  [31, 1079113510],
  [33, 1079220549],
  [70, 1084078027],
  [107, 1086571528],
  [378, 1093722788],
  [399, 1094049842],
];

test.each(NORMS)("of %i numbers is PyTorch's to the last bit", (count, bits) => {
  const random = seededRandom(5);
  const values = Float32Array.from({ length: count }, () => random() * 2 - 1);
  const found = new Uint32Array(Float32Array.of(normOf("F32", values)).buffer)[0];
  expect(found).toBe(bits);
});

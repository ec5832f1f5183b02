import { arceeFusion } from "./arcee-fusion.ts";
import { karcher } from "./karcher.ts";
import { linear } from "./linear/linear.ts";
import type { MergeMethod } from "./method.ts";
import { modelStock } from "./model-stock.ts";
import { multislerp } from "./multislerp.ts";
import { nearswap } from "./nearswap.ts";
import { nuslerp } from "./nuslerp.ts";
import { passthrough } from "./passthrough.ts";
import { ram, ramPlus } from "./ram.ts";
import { sce } from "./sce.ts";
import { slerp } from "./slerp.ts";
import { taskArithmeticMethods } from "./task-arithmetic.ts";

/** Every merge method. A new one is a file beside this one, a line here, and a test against vectors. */
const METHODS: readonly MergeMethod[] = [
  linear,
  ...taskArithmeticMethods,
  slerp,
  nuslerp,
  modelStock,
  karcher,
  multislerp,
  ram,
  ramPlus,
  arceeFusion,
  sce,
  nearswap,
  passthrough,
];

export const METHOD_NAMES: readonly string[] = METHODS.map((method) => method.name);

/** The names of all parameters of all methods. */
export const PARAMETER_NAMES: readonly string[] = [
  ...new Set(METHODS.flatMap((method) => method.parameters.map((parameter) => parameter.name))),
];

/** @param own methods of the caller's own, beside ours */
export function mergeMethodOf(name: string, own: readonly MergeMethod[] = []): MergeMethod | undefined {
  return [...METHODS, ...own].find((method) => method.name === name);
}

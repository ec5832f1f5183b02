import { dtypeBytes, type FloatDtype } from "../../../tensors/dtype.ts";
import { LaneConverter } from "../../../tensors/wasm/convert-lanes.ts";
import { type Code, f32x4, i32, local, repeatWhile } from "../../../tensors/wasm/instructions.ts";
import { FunctionBuilder } from "../../../tensors/wasm/module-builder.ts";

/** What the code of a weighted average depends on. */
export interface LinearShape {
  readonly inputs: readonly FloatDtype[];
  readonly work: FloatDtype;
  readonly dtype: FloatDtype;
  /** Whether the sum is divided by something other than 1. */
  readonly divides: boolean;
}

/** Elements that one turn of the loop makes. */
const STEP = 8;

/** Where an input's or the result's bytes begin in the memory: the inputs one after the other, then the result. */
export function linearPlaces({ inputs, dtype }: LinearShape, room: number): number[] {
  const places = [0];
  for (const of of [...inputs, dtype]) places.push((places.at(-1) ?? 0) + room * dtypeBytes(of));
  return places;
}

/**
 * WebAssembly whose `run(count, weight..., divisor)` makes `count` elements of a weighted average, adding from left to right.
 * It works on more, up to the next multiple of 8.
 *
 * @param room in elements, for each input and the result; a multiple of 8
 */
export function linearModule(shape: LinearShape, room: number): Uint8Array<ArrayBuffer> {
  const { inputs, work, dtype, divides } = shape;
  const builder = new FunctionBuilder(["i32", ...inputs.map(() => "f32" as const), "f32"]);
  const count = 0;
  const weights = inputs.map((_, index) => builder.spread(1 + index));
  const divisor = builder.spread(1 + inputs.length);
  const [at, low, high] = [builder.local("i32"), builder.local("v128"), builder.local("v128")];
  const converter = new LaneConverter(builder);
  const places = linearPlaces(shape, room);
  const address = (of: FloatDtype): Code => i32.multiply(local.get(at), i32.const(dtypeBytes(of)));

  const average = (skipped: number): Code => {
    let sum = builder.numbers(0);
    for (const [index, input] of inputs.entries()) {
      const place = (places[index] ?? 0) + skipped * dtypeBytes(input);
      const loaded = converter.load(input, address(input), place);
      const value = input === work ? loaded : converter.round(work, converter.oneNan(loaded));
      sum = f32x4.add(sum, converter.round(work, f32x4.multiply(value, weights[index] ?? [])));
    }
    const mean = divides ? f32x4.divide(converter.round(work, sum), divisor) : sum;
    // What is stored is rounded to the result's dtype there.
    return work === dtype ? mean : converter.round(work, mean);
  };
  const body = [
    ...local.set(low, average(0)),
    ...local.set(high, average(STEP / 2)),
    ...converter.store(dtype, address(dtype), places[inputs.length] ?? 0, local.get(low), local.get(high)),
    ...local.set(at, i32.add(local.get(at), i32.const(STEP))),
  ];
  const loop = repeatWhile(body, i32.lessThan(local.get(at), local.get(count)));
  return builder.module(loop, places.at(-1) ?? 0);
}

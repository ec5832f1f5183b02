import { dtypeBytes } from "../../../tensors/dtype.ts";
import { type CompiledFunction, compile } from "../../../tensors/wasm/compile.ts";
import { CHUNK_ELEMENTS } from "../../../tensors/write/tensor-stream.ts";
import type { Kernel } from "../method.ts";
import { type LinearShape, linearModule, linearPlaces } from "./linear-module.ts";

/** Functions of one shape: how to make another, and those that no tensor uses. */
interface LinearFunctions {
  readonly make: () => CompiledFunction;
  readonly idle: CompiledFunction[];
}

/** A merge has one shape, two if it has tensors of several dtypes. */
const MAX_SHAPES = 16;
const functionsByShape = new Map<string, LinearFunctions>();

/** A weighted average that adds from left to right, in WebAssembly. */
export function openLinearKernel(shape: LinearShape, weights: readonly number[], divisor: number): Kernel {
  const { make, idle } = functionsOf(shape);
  const compiled = idle.pop() ?? make();
  const places = linearPlaces(shape, CHUNK_ELEMENTS);
  const [out, ...inputs] = [shape.dtype, ...shape.inputs].map((dtype, index) => {
    const place = places[index === 0 ? shape.inputs.length : index - 1];
    return new Uint8Array(compiled.memory, place, CHUNK_ELEMENTS * dtypeBytes(dtype));
  });
  return {
    inputs,
    out: out ?? new Uint8Array(0),
    run: (count) => compiled.run(count, ...weights, divisor),
    release: () => void idle.push(compiled),
  };
}

function functionsOf(shape: LinearShape): LinearFunctions {
  const key = JSON.stringify(shape);
  let functions = functionsByShape.get(key);
  if (functions === undefined) {
    const [oldest] = functionsByShape.keys();
    if (functionsByShape.size >= MAX_SHAPES && oldest !== undefined) functionsByShape.delete(oldest);
    functions = { make: compile(linearModule(shape, CHUNK_ELEMENTS)), idle: [] };
    functionsByShape.set(key, functions);
  }
  return functions;
}

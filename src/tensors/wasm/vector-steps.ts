import type { FloatDtype } from "../dtype.ts";
import { compile } from "./compile.ts";
import { LaneConverter } from "./convert-lanes.ts";
import { type Code, f32x4, i32, local, repeatWhile, v128 } from "./instructions.ts";
import { FunctionBuilder } from "./module-builder.ts";

/** What is done with every element of a vector, and that of another one or a number. */
export type Operation = "add" | "subtract" | "multiply" | "divide" | "round";

/** Elements that a call of WebAssembly works on: what they are copied to and from is in the processor's first cache. */
const ROOM = 1 << 12;
const BYTES = 4 * ROOM;
const LANES = 4;

/** One step of arithmetic on F32 vectors, each result rounded to a dtype. Any NaN becomes the same NaN. */
export class VectorStep {
  readonly #run: (...values: number[]) => void;
  readonly #a: Float32Array<ArrayBuffer>;
  readonly #b: Float32Array<ArrayBuffer>;

  /** @param scalar whether the second operand is one number */
  private constructor(operation: Operation, dtype: FloatDtype, scalar: boolean) {
    const { run, memory } = compile(stepModule(operation, dtype, scalar))();
    this.#run = run;
    this.#a = new Float32Array(memory, 0, ROOM);
    this.#b = new Float32Array(memory, BYTES, ROOM);
  }

  /** The one that does this. It is compiled once. */
  static of(operation: Operation, dtype: FloatDtype, scalar: boolean): VectorStep {
    const key = `${operation} ${dtype} ${scalar}`;
    const step = steps.get(key) ?? new VectorStep(operation, dtype, scalar);
    steps.set(key, step);
    return step;
  }

  /** @param out of the length of `a`, which it may be itself, and that of `b` if that is a vector */
  apply(out: Float32Array, a: Float32Array, b: Float32Array | number = 0): void {
    for (let start = 0; start < a.length; start += ROOM) {
      const end = Math.min(a.length, start + ROOM);
      this.#a.set(a.subarray(start, end));
      if (typeof b !== "number") this.#b.set(b.subarray(start, end));
      this.#run(end - start, typeof b === "number" ? b : 0);
      out.set(this.#a.subarray(0, end - start), start);
    }
  }
}

const steps = new Map<string, VectorStep>();

/** `run(count, number)`: the first vector at the beginning of the memory, where the result comes, the second behind it. */
function stepModule(operation: Operation, dtype: FloatDtype, scalar: boolean): Uint8Array<ArrayBuffer> {
  const builder = new FunctionBuilder(["i32", "f32"]);
  const [count, number] = [0, 1];
  const at = builder.local("i32");
  const converter = new LaneConverter(builder);
  const a = v128.load(0, local.get(at));
  const b = scalar ? builder.spread(number) : v128.load(BYTES, local.get(at));
  const result = operation === "round" ? a : f32x4[operation](a, b);
  const rounded: Code = dtype === "F32" ? result : converter.round(dtype, converter.oneNan(result));
  const body = [
    ...v128.store(0, local.get(at), rounded),
    ...local.set(at, i32.add(local.get(at), i32.const(4 * LANES))),
  ];
  const end = i32.multiply(local.get(count), i32.const(4));
  return builder.module(repeatWhile(body, i32.lessThan(local.get(at), end)), 2 * BYTES);
}

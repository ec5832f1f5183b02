/** The part of WebAssembly's interface that is used: TypeScript declares it for browsers only. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly run: (...values: number[]) => void;
      readonly memory: { readonly buffer: ArrayBuffer };
    };
  };
};

/** A function and the memory that it works in. */
export interface CompiledFunction {
  readonly run: (...values: number[]) => void;
  readonly memory: ArrayBuffer;
}

/** Compiles a module of `FunctionBuilder`; every call of what is returned makes another memory. */
export function compile(bytes: Uint8Array): () => CompiledFunction {
  const module = new WebAssembly.Module(bytes);
  return () => {
    const { run, memory } = new WebAssembly.Instance(module).exports;
    return { run, memory: memory.buffer };
  };
}

const PAGE = 65_536;

/** Zeroed memory that begins at a page of the system, as other buffers do not. */
export function pageAligned(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) }).buffer, 0, bytes);
}

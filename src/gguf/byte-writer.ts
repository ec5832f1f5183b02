import { alignUp } from "../base/bytes.ts";
import type { ScalarType } from "./constants.ts";
import type { GgufScalar } from "./metadata.ts";

const encoder = new TextEncoder();

/** A buffer that grows while the header is put into it. Little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes so far, without copying. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  bytes(content: Uint8Array): void {
    const at = this.#reserve(content.byteLength);
    this.#bytes.set(content, at);
  }

  /** Length in bytes as 64 bits, then UTF-8. */
  string(content: string): void {
    const encoded = encoder.encode(content);
    this.uint64(BigInt(encoded.byteLength));
    this.bytes(encoded);
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  uint64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  /** Zeros up to the next multiple of `alignment`. */
  align(alignment: number): void {
    this.#reserve(alignUp(this.#length, alignment) - this.#length);
  }

  scalar(type: ScalarType, value: GgufScalar): void {
    switch (type) {
      case "string":
        return this.string(String(value));
      case "bool":
        return this.bytes(Uint8Array.of(value === true ? 1 : 0));
      case "uint64":
      case "int64":
        return this.uint64(BigInt.asUintN(64, BigInt(value)));
      default:
        return this.#number(type, Number(value));
    }
  }

  #number(type: Exclude<ScalarType, "string" | "bool" | "uint64" | "int64">, value: number): void {
    switch (type) {
      case "uint8":
      case "int8": {
        const at = this.#reserve(1);
        this.#view.setUint8(at, value);
        break;
      }
      case "uint16":
      case "int16": {
        const at = this.#reserve(2);
        this.#view.setUint16(at, value, true);
        break;
      }
      case "uint32":
      case "int32":
        this.uint32(value);
        break;
      case "float32": {
        const at = this.#reserve(4);
        this.#view.setFloat32(at, value, true);
        break;
      }
      case "float64": {
        const at = this.#reserve(8);
        this.#view.setFloat64(at, value, true);
        break;
      }
    }
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.byteLength * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

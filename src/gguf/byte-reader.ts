import { InputError } from "../base/errors.ts";
import type { ScalarType } from "./constants.ts";
import type { GgufScalar } from "./metadata.ts";

/** Thrown when the bytes at hand end within the header: more of the file is needed, or the file is cut short. */
export class HeaderCutShort extends Error {}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads values one after the other, little-endian, never beyond the bytes that there are. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #position = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  get position(): number {
    return this.#position;
  }

  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A 64-bit count or size. @throws InputError if it is above `limit` */
  size(limit: number, what: string): number {
    const value = this.uint64();
    if (value <= BigInt(limit)) return Number(value);
    throw new InputError(`${this.#where}: expected ${what} to be at most ${limit}, found ${value}`, {
      hint: "This is no GGUF file, or its start is damaged.",
    });
  }

  string(limit: number, what: string): string {
    const content = this.bytes(this.size(limit, `the length of ${what}`));
    try {
      return decoder.decode(content);
    } catch (error) {
      throw new InputError(`${this.#where}: expected ${what} to be UTF-8`, { cause: error });
    }
  }

  scalar(type: ScalarType, stringLimit: number, what: string): GgufScalar {
    switch (type) {
      case "uint8":
        return this.#view.getUint8(this.#advance(1));
      case "int8":
        return this.#view.getInt8(this.#advance(1));
      case "uint16":
        return this.#view.getUint16(this.#advance(2), true);
      case "int16":
        return this.#view.getInt16(this.#advance(2), true);
      case "uint32":
        return this.uint32();
      case "int32":
        return this.#view.getInt32(this.#advance(4), true);
      case "float32":
        return this.#view.getFloat32(this.#advance(4), true);
      case "float64":
        return this.#view.getFloat64(this.#advance(8), true);
      case "uint64":
        return this.uint64();
      case "int64":
        return BigInt.asIntN(64, this.uint64());
      case "bool":
        return this.#view.getUint8(this.#advance(1)) !== 0;
      default:
        return this.string(stringLimit, what);
    }
  }

  #advance(count: number): number {
    const at = this.#position;
    if (at + count > this.#bytes.byteLength) throw new HeaderCutShort();
    this.#position = at + count;
    return at;
  }
}

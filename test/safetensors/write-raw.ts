import { writeFile } from "node:fs/promises";

/** A safetensors file with this header and this many zero bytes of data, whether they fit or not. */
export async function writeRaw(path: string, header: unknown, dataBytes: number): Promise<string> {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return path;
}

/** A header entry of 4 bytes at `begin`. */
export function entry(begin: number, end: number = begin + 4): object {
  return { dtype: "F32", shape: [1], data_offsets: [begin, end] };
}

import { sha256 } from "../digest.ts";

/** A name as a file may have it: letters of any language stay; what had to be changed is kept apart from its like by a digest. */
export function fileName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}_.=-]+/gu, "_");
  return plain === name ? name : `${plain}-${sha256(name).slice(0, 6)}`;
}

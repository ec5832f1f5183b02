import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../../test/helpers/shared.ts";

const encoder = new TextEncoder();

/** Texts as inputs. */
export function seedsOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => encoder.encode(text));
}

/** Files of the project as inputs. */
export function seedFiles(...paths: readonly string[]): Promise<Uint8Array[]> {
  return Promise.all(paths.map((path) => readFile(join(projectRoot, path))));
}

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const graphs = new Map<string, ReadonlyMap<string, readonly string[]>>();

/**
 * The tests that import a source file, directly or through others, nearest first: those of its own folder find most faults,
 * and the first failure ends a run.
 *
 * @param root of the project
 * @param file relative to it
 */
export function relatedTests(root: string, file: string): string[] {
  const importers = graphs.get(root) ?? readImporters(root);
  graphs.set(root, importers);
  const distance = new Map([[file, 0]]);
  for (const [current, steps] of distance) {
    for (const importer of importers.get(current) ?? []) {
      if (!distance.has(importer)) distance.set(importer, steps + 1);
    }
  }
  return [...distance]
    .filter(([name]) => name.endsWith(".test.ts"))
    .toSorted(([, a], [, b]) => a - b)
    .map(([name]) => name);
}

function readImporters(root: string): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const folder of ["src", "test"]) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const from = `${folder}/${name.replaceAll("\\", "/")}`;
      const text = readFileSync(join(root, from), "utf8");
      for (const [, target = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
        const to = relative(root, join(root, dirname(from), target)).replaceAll("\\", "/");
        importers.set(to, [...(importers.get(to) ?? []), from]);
      }
    }
  }
  return importers;
}

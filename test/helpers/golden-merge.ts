import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, sharedPath } from "./shared.ts";

/** A merge that mergekit itself has made, or has refused to make. */
export interface GoldenCase {
  readonly name: string;
  readonly merge_method: string;
  readonly config: string;
  readonly cli_args: readonly string[];
  readonly expect: "output" | "error";
  readonly files?: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
  /** NaN has many bit patterns: merges that hold some have to be compared element by element. */
  readonly nan_elements?: number;
}

/** Inputs, configs and digests by mergekit: part of the project, so that they are compared everywhere. */
export const goldenFolder: string = join(projectRoot, "test/fixtures/mergekit");

const manifest: { cases: GoldenCase[] } = JSON.parse(readFileSync(join(goldenFolder, "manifest.json"), "utf8"));

/** Every vector. */
export const goldenCases: readonly GoldenCase[] = manifest.cases;

/** The checkpoint that mergekit wrote for a case: not part of the project; undefined where it is absent, and the test skips. */
export function goldenOutput(name: string): string | undefined {
  return sharedPath(`golden/merge/given/cases/${name}/out`);
}

import { join } from "node:path";
import { mergeConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import config from "../../vitest.config.ts";

/** Runs test files in the order they were named on the command line: Vitest's own begins with the largest. */
class NamedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf(file: TestSpecification): number {
  return process.argv.findIndex((name) => file.moduleId.endsWith(`/${name}`));
}

const root = join(import.meta.dirname, "../..");

/** The unit tests as the mutation run wants them: in a given order, with transformed modules kept from one run to the next. */
export default mergeConfig(config, {
  test: {
    sequence: { sequencer: NamedOrder },
    setupFiles: process.env.MERGESWEEP_CALLS === undefined ? [] : [join(import.meta.dirname, "record-calls.ts")],
    experimental: { fsModuleCache: true, fsModuleCachePath: join(root, ".vitest-modules") },
  },
});

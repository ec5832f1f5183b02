import { basename, resolve } from "node:path";
import { InputError, messageOf, UsageError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { ownVersion } from "../base/version.ts";
import { openImportedStore } from "../runs/imported-store.ts";
import { groupBy } from "../stats/mean.ts";
import type { ImportFormat } from "./imported-run.ts";
import type { TidyMap } from "./others/tidy-map.ts";
import { type LeftOut, readSources } from "./read-sources.ts";
import { type Collected, collectRuns } from "./store/collect-runs.ts";
import type { Placement } from "./store/place-models.ts";
import { type ImportSettings, type WrittenStore, writeStore } from "./store/write-store.ts";

/** What an import is asked for; what is left out stays as the store has it from earlier imports. */
export interface ImportRequest {
  readonly format?: ImportFormat | undefined;
  readonly map?: TidyMap | undefined;
  readonly skipBroken?: boolean;
  /** A regular expression: only models whose name it matches. */
  readonly models?: string | undefined;
  readonly filter?: string | undefined;
  readonly metric?: string | undefined;
  readonly rescore?: boolean | undefined;
  readonly placement?: Placement | undefined;
}

/** What came of it. */
export interface ImportOutcome extends WrittenStore {
  readonly added: Collected["added"];
  readonly repeated: Collected["repeated"];
  readonly leftOut: LeftOut;
}

/**
 * Imports results of other programs into a run store, which reports and comparisons read like any other. What is there
 * already is not added again.
 *
 * @param paths files and folders
 * @param folder of the store
 * @param root where our benchmarks are found; the working directory if left out
 * @throws InputError for files that cannot be read, and where two say different things of the same; UsageError for choices that
 *   fit nothing. Scores and manifest are then as they were
 */
export async function importResults(
  paths: readonly string[],
  folder: string,
  request: ImportRequest = {},
  { root = process.cwd(), version = ownVersion() }: { readonly root?: string; readonly version?: string } = {},
): Promise<ImportOutcome> {
  const leftOut: LeftOut = { broken: [], passedOver: [] };
  const wanted = modelFilter(request.models);
  const store = await openImportedStore(folder);
  try {
    const settings = settingsOf(store.manifest?.plan.imported, request);
    const sources = readSources(paths, request, leftOut);
    const { units, added, repeated, contents } = await collectRuns(sources, store, wanted);
    if (units.size === 0) {
      const broken = leftOut.broken.map(({ reason }) => `\n  ${reason}`).join("");
      throw new InputError(`${paths.join(", ")}: expected results of another program, found none${broken}`, {
        hint: "docs/import.md says what is read of which program.",
      });
    }
    const sweep = store.manifest?.sweep ?? basename(resolve(folder));
    const written = await writeStore(store, units, settings, { root, version, sweep, equal: equalModels(contents) });
    return { ...written, added, repeated, leftOut };
  } finally {
    await store.close();
  }
}

/** Groups of models whose runs are all the same. */
function equalModels(contents: ReadonlyMap<string, string>): string[][] {
  const groups = groupBy([...contents], ([, digest]) => digest).values();
  return [...groups].flatMap((group) => (group.length < 2 ? [] : [group.map(([model]) => model).toSorted()]));
}

function modelFilter(models: string | undefined): (model: string) => boolean {
  if (models === undefined) return () => true;
  try {
    const pattern = new RegExp(models);
    return (model) => pattern.test(model);
  } catch (error) {
    throw new UsageError(`--models: expected a regular expression, found "${models}": ${messageOf(error)}`);
  }
}

/** What an earlier import was told holds until it is told otherwise. */
function settingsOf(stored: unknown, request: ImportRequest): ImportSettings {
  const earlier = isRecord(stored) && isRecord(stored.settings) ? stored.settings : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `writeStore` wrote
  const kept = earlier as Partial<ImportSettings>;
  const { filter = kept.filter, metric = kept.metric } = request;
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(metric === undefined ? {} : { metric }),
    rescore: request.rescore ?? kept.rescore ?? false,
    placement: request.placement ?? kept.placement ?? { axes: {}, ends: [] },
  };
}

import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import type { Manifest } from "../schema.ts";
import { readStored } from "../stored-files.ts";
import { inView } from "../view.ts";
import type { StrataOf } from "./score-table.ts";

const FILE = "strata.json";

const designSchema = z.object({
  benchmark: z.string(),
  /** Ids of the questions of each stratum: any that a point was asked of it are a sample of all. */
  strata: z.array(z.array(z.string())),
});

/** A benchmark's questions in the strata that a search drew samples from. */
export type StrataDesign = z.infer<typeof designSchema>;

/** What the searches of a store have drawn; each that went otherwise about it adds to the list. */
const strataSchema = z.object({ strata_version: z.literal(1), searches: z.array(z.array(designSchema)) });

/**
 * Writes down the strata of a search before points are asked samples of them: what is then stored is never read without them.
 * What the same search has written grows with it.
 */
export async function writeStrata(folder: string, designs: readonly StrataDesign[]): Promise<void> {
  if (designs.every(({ strata }) => strata.length === 0)) return;
  const before = await readSearches(folder);
  // Another worker may be a step ahead; what it has drawn is this search's, too.
  if (before.some((one) => begins(designs, one))) return;
  const searches = [...before.filter((one) => !begins(one, designs)), designs];
  await writeFileAtomic(join(folder, FILE), `${JSON.stringify({ strata_version: 1, searches })}\n`);
}

/**
 * The strata of each benchmark as far as a plan asks its questions. After several searches questions are in one stratum that are
 * so in all of them.
 *
 * @throws StoreError if the file is damaged
 */
export async function readStrata(
  folder: string,
  manifest: Pick<Manifest, "benchmarks">,
): Promise<ReadonlyMap<string, StrataOf>> {
  const searches = await readSearches(folder);
  const asked = inView(manifest);
  const names = [...new Set(searches.flat().map(({ benchmark }) => benchmark))];
  return new Map(
    names.map((benchmark) => [
      benchmark,
      joinStrata(
        searches.map((designs): StrataOf => {
          const strata = designs.find((one) => one.benchmark === benchmark)?.strata ?? [];
          return new Map(
            strata.flatMap((ids, stratum) =>
              ids.filter((sample) => asked({ benchmark, sample })).map((id) => [id, stratum] as const),
            ),
          );
        }),
      ),
    ]),
  );
}

/** Strata of questions that are in one stratum of every one of some others. */
export function joinStrata(designs: readonly StrataOf[]): StrataOf {
  const [first, ...others] = designs;
  if (first === undefined || others.length === 0) return first ?? new Map<string, number>();
  const places = new Map<string, number>();
  const ids = new Set(designs.flatMap((design) => [...design.keys()]));
  return new Map(
    Array.from(ids, (id) => {
      const key = designs.map((design) => design.get(id) ?? -1).join(" ");
      const place = places.get(key) ?? places.size;
      places.set(key, place);
      return [id, place] as const;
    }),
  );
}

/** How many questions each stratum has, asked or not. */
export function sizesOf(strata: StrataOf): number[] {
  const sizes: number[] = [];
  for (const stratum of strata.values()) sizes[stratum] = (sizes[stratum] ?? 0) + 1;
  return Array.from(sizes, (size) => size ?? 0);
}

async function readSearches(folder: string): Promise<readonly (readonly StrataDesign[])[]> {
  return (await readStored(strataSchema, join(folder, FILE)))?.searches ?? [];
}

/** Whether one search has drawn what another has, and perhaps more after it. */
function begins(one: readonly StrataDesign[], other: readonly StrataDesign[]): boolean {
  return one.every(({ benchmark, strata }) => {
    const same = other.find((design) => design.benchmark === benchmark)?.strata ?? [];
    return JSON.stringify(same.slice(0, strata.length)) === JSON.stringify(strata);
  });
}

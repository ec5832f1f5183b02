import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { digestOf, sha256 } from "../../base/digest.ts";
import { InputError, systemCodeOf } from "../../base/errors.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import type { ImportedStore } from "../../runs/imported-store.ts";
import type { ImportedRun } from "../imported-run.ts";
import {
  answerDigest,
  answerKey,
  contentDigest,
  linesOf,
  nameQuestions,
  readStoredRuns,
  runKey,
  type StoredImport,
} from "./stored-rows.ts";

/** What of an import was new. */
export interface Collected {
  /** Models of the store, earlier ones included, and their units. */
  readonly units: ReadonlyMap<string, string>;
  added: number;
  repeated: number;
  /** Digest of all runs of a model, those that were not wanted included: models with the same are copies of each other. */
  readonly contents: ReadonlyMap<string, string>;
}

/** The folder of a model. */
function unitOf(model: string): string {
  const name = model.replaceAll(/[^\w.-]+/g, "_").replace(/^[._]+/, "");
  return `${name.slice(-80) || "model"}-${sha256(model).slice(0, 8)}`;
}

/** A unit's file of runs while an import adds to it: a copy, which takes the place of the file when all went well. */
class GrowingUnit {
  readonly #path: string;
  readonly #draft: string;
  #stream: WriteStream | undefined;
  /** Digest and source of each run. */
  readonly #runs = new Map<
    string,
    { readonly digest: string; readonly source: string; readonly answered: boolean }[]
  >();

  private constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.new`;
  }

  static async open(path: string): Promise<GrowingUnit> {
    const unit = new GrowingUnit(path);
    await makeFolder(dirname(path));
    await copyFile(path, unit.#draft).catch(async (error: unknown) => {
      if (systemCodeOf(error) !== "ENOENT") throw error;
      await rm(unit.#draft, { force: true });
    });
    for await (const run of readStoredRuns(path)) unit.#note(run, contentDigest(run));
    return unit;
  }

  /** @returns whether anything of it was new @throws InputError where another source says otherwise of the same */
  async add(run: StoredImport, digest: string): Promise<boolean> {
    const known = this.#runs.get(runKey(run)) ?? [];
    if (known.some((one) => one.digest === digest)) return false;
    const answered = run.answers.length > 0;
    if (!answered && known.some((one) => one.answered)) return false;
    const { answers, hasNewMeans } = known.length === 0 ? { ...run, hasNewMeans: true } : await this.#newsOf(run);
    if (answered ? answers.length === 0 : !hasNewMeans) return false;
    for (const line of linesOf({ ...run, answers })) {
      this.#stream ??= createWriteStream(this.#draft, { flags: "a" });
      if (!this.#stream.write(line)) await once(this.#stream, "drain");
    }
    this.#note(run, digest);
    return true;
  }

  #note(run: StoredImport, digest: string): void {
    const key = runKey(run);
    const entry = { digest, source: run.source, answered: run.answers.length > 0 };
    this.#runs.set(key, [...(this.#runs.get(key) ?? []), entry]);
  }

  /** The answers that the store does not have yet, and whether it lacks any of the means. */
  async #newsOf(run: StoredImport): Promise<Pick<StoredImport, "answers"> & { readonly hasNewMeans: boolean }> {
    await this.#flush();
    const means = new Set<string>();
    const known = new Map<string, { readonly digest: string; readonly source: string }>();
    for await (const stored of readStoredRuns(this.#draft)) {
      if (runKey(stored) !== runKey(run)) continue;
      const differ = stored.answers.length === 0 && run.answers.length === 0 && !sameMeans(stored, run);
      if (differ) throw conflict(run, stored.source, "");
      for (const name of Object.keys(stored.means)) means.add(name);
      for (const answer of stored.answers) {
        known.set(answerKey(answer), { digest: answerDigest(answer), source: stored.source });
      }
    }
    const answers = run.answers.filter((answer) => {
      const other = known.get(answerKey(answer));
      if (other !== undefined && other.digest !== answerDigest(answer)) {
        throw conflict(run, other.source, `, question ${answer.id}, attempt ${answer.attempt + 1}`);
      }
      return other === undefined;
    });
    return { answers, hasNewMeans: Object.keys(run.means).some((name) => !means.has(name)) };
  }

  async #flush(): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    await once(this.#stream, "finish");
    this.#stream = undefined;
  }

  async keep(): Promise<void> {
    await this.#flush();
    await rename(this.#draft, this.#path).catch((error: unknown) => {
      if (systemCodeOf(error) !== "ENOENT") throw error;
    });
  }

  async discard(): Promise<void> {
    await this.#flush();
    await rm(this.#draft, { force: true });
  }
}

function sameMeans(a: StoredImport, b: StoredImport): boolean {
  return Object.entries(a.means).every(([name, mean]) => (b.means[name] ?? mean) === mean);
}

function conflict(run: StoredImport, other: string, where: string): InputError {
  return new InputError(
    `${run.source} and ${other} both claim ${run.model} on ${run.task}${run.run === "" ? "" : `, ${run.run}`}${where}, with different contents`,
    { hint: "Import one of them; or, if they are two runs, each into a store of its own with --out." },
  );
}

/**
 * Adds runs to the files of a store, a model a unit. What is there already is not added again. On an error the store is as it
 * was before.
 *
 * @param wanted whether a model is to be imported
 * @throws InputError where two sources say different things of the same
 */
export async function collectRuns(
  runs: AsyncIterable<ImportedRun>,
  store: ImportedStore,
  wanted: (model: string) => boolean,
): Promise<Collected> {
  const units = new Map<string, string>(modelsOf(store).map((model) => [model, unitOf(model)]));
  const digests = new Map<string, string[]>();
  const tally = { added: 0, repeated: 0 };
  const open = new Map<string, GrowingUnit>();
  try {
    for await (const run of runs) {
      const named = { ...run, answers: nameQuestions(run.answers) };
      const digest = contentDigest(named);
      digests.set(run.model, [...(digests.get(run.model) ?? []), `${runKey(run)} ${digest}`]);
      if (!wanted(run.model)) continue;
      const unit = open.get(run.model) ?? (await GrowingUnit.open(store.unitFile(unitOf(run.model))));
      open.set(run.model, unit);
      units.set(run.model, unitOf(run.model));
      const isNew = await unit.add(named, digest);
      if (isNew) tally.added++;
      else tally.repeated++;
    }
  } catch (error) {
    for (const unit of open.values()) await unit.discard();
    throw error;
  }
  for (const unit of open.values()) await unit.keep();
  return { ...tally, units, contents: contentsOf(digests) };
}

/** So few equal numbers may be chance: two accuracies of 30 questions are often the same. */
const FEWEST_RUNS = 5;

function contentsOf(digests: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  return new Map(
    [...digests].flatMap(([model, own]) => {
      const distinct = [...new Set(own)].toSorted();
      return distinct.length < FEWEST_RUNS ? [] : [[model, digestOf(distinct)]];
    }),
  );
}

/** The models that earlier imports brought, as the plan keeps them. */
function modelsOf({ manifest }: ImportedStore): string[] {
  const plan = manifest?.plan.imported;
  const models = typeof plan === "object" && plan !== null && "models" in plan ? plan.models : [];
  return Array.isArray(models) ? models.filter((model) => typeof model === "string") : [];
}

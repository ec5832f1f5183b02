import { basename, join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { StoreError } from "../../base/errors.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { completionFile, type DamagedLine, mendCompletions } from "../completions/completion-files.ts";
import { SampleWriter } from "../completions/sample-writer.ts";
import { differencesOf } from "../grow.ts";
import type { UnitIdentity } from "../schema.ts";
import type { OpenedAs, UnitStore } from "../unit-store.ts";
import { unitLease, unitLeasePrefix } from "./lease-files.ts";
import type { WorkerLeases } from "./worker-leases.ts";

/** The lease under which workers say what their units' completions are made from: one worker of a store at a time. */
export const IDENTITIES = "identities";

/** A unit that a worker answers, under an identity (the hash of all that determines its completions). */
export interface OpenedUnit {
  /** Its folder's name. */
  readonly id: string;
  readonly store: UnitStore;
  readonly leases: WorkerLeases;
  readonly as: OpenedAs;
  /** Whether completions of another runtime build may be added to those of the first. */
  readonly mixedHardware?: boolean | undefined;
}

/** A unit's completions were begun by another build of the runtime, perhaps on other hardware; nothing else differs. */
export class OtherBuild extends StoreError {}

/**
 * Notes what a unit's completions are made from, and takes a file for them that no other worker writes. To be called under the
 * lease on identities.
 *
 * @returns the file's name
 * @throws OtherBuild, or StoreError if there are completions of another identity, saying what differs; they are never mixed, nor
 *   thrown away
 */
export async function claimCompletionFile(unit: OpenedUnit): Promise<string> {
  const { id, store, leases, as } = unit;
  await makeFolder(store.folder);
  const stored = await store.identity();
  const files = `${unitLeasePrefix(id)}file-`;
  const begun = (await store.samplesBytes()) > 0 || [...(await leases.taken())].some((name) => name.startsWith(files));
  const build = buildOf(as);
  const benchmarks = { ...stored?.benchmarks, ...as.benchmarks };
  const mixed = stored !== undefined && begun ? isMixed(unit, stored) : false;
  const base: UnitIdentity = mixed && stored !== undefined ? stored : { ...as, v1: undefined };
  const builds = { ...(begun ? stored?.builds : undefined) };
  const first = begun && stored !== undefined ? buildOf(stored) : build;
  const written = new Set(await store.completionFiles());
  for (let n = 0; ; n++) {
    const file = completionFile(n);
    if (written.has(file) && (builds[file] ?? first) !== build) continue;
    if (!(await leases.claim(unitLease(id, `file-${n}`)))) continue;
    if (build !== first) builds[file] = build;
    const record = { ...base, benchmarks, inputs: as.inputs, ...(Object.keys(builds).length === 0 ? {} : { builds }) };
    await store.writeIdentity(record);
    return file;
  }
}

/**
 * Opens a file of completions that was claimed. What is stored in all files is given back; torn last lines are dropped and damaged
 * lines set aside, but for those of files that other workers are writing.
 */
export async function openCompletionFile({ id, store, leases }: OpenedUnit, file: string): Promise<SampleWriter> {
  const found = await store.completions();
  const setAside: DamagedLine[] = [];
  for (const name of new Set([...found.torn, ...found.damaged.map((line) => basename(line.file))])) {
    const lease = fileLease(id, name);
    if (name !== file && !(await leases.claim(lease))) continue;
    setAside.push(...(await mendCompletions(store.folder, [name])));
    if (name !== file) await leases.release(lease);
  }
  return await SampleWriter.open(join(store.folder, file), {
    existing: found.records,
    setAside,
    lease: { check: () => leases.check(), release: () => leases.release(fileLease(id, file)) },
  });
}

function fileLease(unit: string, file: string): string {
  const [, number = "0"] = /^samples(?:-(\d+))?\.jsonl$/.exec(file) ?? [undefined, `other-${file}`];
  return unitLease(unit, `file-${number}`);
}

function buildOf({ parts }: Pick<UnitIdentity, "parts">): string {
  return typeof parts.runtime === "string" ? parts.runtime : "";
}

/** @returns whether another build has begun the unit and may be mixed with; false if all is the same */
function isMixed({ store, as, mixedHardware = false }: OpenedUnit, stored: UnitIdentity): boolean {
  const changed = Object.entries(as.benchmarks).filter(([name, asked]) => (stored.benchmarks[name] ?? asked) !== asked);
  const same =
    stored.v1 === undefined
      ? stored.identity === as.identity
      : stored.v1.identity === as.identityV1?.(stored.v1.benchmarks);
  if (same && changed.length === 0) return false;
  const otherBuild =
    changed.length === 0 &&
    stored.v1 === undefined &&
    stored.identity === digestOf({ ...as.parts, runtime: stored.parts.runtime });
  if (otherBuild && mixedHardware) return true;
  const differences = [
    ...(stored.v1 === undefined ? differencesOf(stored.parts, as.parts) : []),
    ...changed.map(([name]) => `benchmark ${name}: other problems or another prompt`),
  ];
  const what = differences.length === 0 ? ["an input or the runtime"] : differences;
  const message = `${store.folder} holds completions that were made otherwise:\n${what.map((line) => `  ${line}`).join("\n")}`;
  if (otherBuild) {
    throw new OtherBuild(message, {
      hint: "Go on where they were made; or mix them with --mixed-hardware, and the report says so; or make the point again with --again POINT.",
    });
  }
  throw new StoreError(message, {
    hint: "Keep them and make the point again with: --again POINT; or give the new ones a store of their own with --out FOLDER.",
  });
}

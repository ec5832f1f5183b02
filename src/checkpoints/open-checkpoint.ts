import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { InputError, MergesweepError, messageOf, systemCodeOf, WorkError } from "../base/errors.ts";
import { nearestWord } from "../base/suggest.ts";
import { type FetchModelOptions, fetchModel } from "../hub/fetch-model.ts";
import { peekModel } from "../hub/peek-model.ts";
import { isPickle, openSafetensorsFolder, weightsNote } from "../safetensors/open-folder.ts";
import { type FileFolder, openFileFolder } from "../tensors/file-folder.ts";
import type { Checkpoint, HubOrigin } from "./checkpoint.ts";
import { openGgufCheckpoint } from "./gguf/gguf-checkpoint.ts";
import { adaptReader } from "./lora/adapted-reader.ts";
import { openAdapter } from "./lora/read-adapter.ts";
import { type ModelPlace, readModelReference } from "./model-reference.ts";
import { readJsonFile } from "./read-json.ts";
import { folderTokenizer } from "./tokenizer/tokenizer-source.ts";

/** Where models are looked for, and how they are fetched. */
export interface OpenOptions extends FetchModelOptions {
  /** Folders in which relative paths are looked up, in this order; the working directory if left out. */
  readonly roots?: readonly string[] | undefined;
  /** Models of the hub are looked at and not fetched: of their weights, headers are all that should be read. @default false */
  readonly peek?: boolean | undefined;
}

/**
 * Opens a model as a recipe names it: a folder with config.json and safetensors weights (one file, or shards with an
 * index), an unquantised GGUF file, or `org/name[@revision]` of the hub; behind a `+`, the LoRA adapter applied to it.
 * @throws InputError if it is missing, incomplete or malformed; WorkError if the hub cannot be reached
 */
export async function openCheckpoint(reference: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const { model, adapter } = readModelReference(reference, options.roots ?? ["."]);
  const base = await openModel(model, options);
  if (adapter === undefined) return base;
  try {
    return await applyAdapter(base, adapter, options);
  } catch (error) {
    await base.close();
    throw error;
  }
}

async function openModel(place: ModelPlace, options: OpenOptions): Promise<Checkpoint> {
  if (place.kind === "local" && !(await isFolder(place.path, place.text))) return await openGgufCheckpoint(place.path);
  const { folder, origins } = await openFolder(place, options);
  return { ...(await openFiles(folder, place.text)), origins };
}

async function applyAdapter(base: Checkpoint, place: ModelPlace, options: OpenOptions): Promise<Checkpoint> {
  if (place.kind === "local" && !(await isFolder(place.path, place.text))) {
    throw new InputError(`${place.text}: expected a LoRA adapter, found a file`);
  }
  const { folder, origins } = await openFolder(place, options);
  const reader = adaptReader(base.reader, await openAdapter(folder, base.reader.tensors, place.text));
  return {
    ...base,
    reader,
    adapterPath: folder.path,
    origins: [...base.origins, ...origins],
    close: () => reader.close(),
  };
}

/** The folder of a model, after fetching it if it is the hub's, or looking at it there. */
async function openFolder(
  place: ModelPlace,
  options: OpenOptions,
): Promise<{ readonly folder: FileFolder; readonly origins: readonly HubOrigin[] }> {
  if (place.kind === "local") return { folder: await openFileFolder(place.path), origins: [] };
  try {
    if (options.peek === true) {
      const { folder, repo, commit, bytesToFetch } = await peekModel(place.id, options);
      return { folder, origins: [{ repo, commit, bytesToFetch }] };
    }
    const { folder, repo, commit } = await fetchModel(place.id, options);
    return { folder: await openFileFolder(folder), origins: [{ repo, commit, bytesToFetch: 0 }] };
  } catch (error) {
    if (!(error instanceof MergesweepError)) throw error;
    const local = resolve(options.roots?.[0] ?? ".", place.id.repo);
    const near = existsSync(dirname(local)) ? await nearNames(local) : undefined;
    const hint = [error.hint, near].filter((part) => part !== undefined).join(" ");
    const message = `${place.text}: there is no such folder here, and as a model of the hub: ${error.message}`;
    throw error instanceof InputError
      ? new InputError(message, { hint, cause: error })
      : new WorkError(message, { hint, cause: error });
  }
}

/** @param shown what the model is called in errors */
async function openFiles(folder: FileFolder, shown: string): Promise<Checkpoint> {
  const config = await readJsonFile(folder, "config.json");
  if (config === undefined) {
    throw new InputError(`${shown}: expected a checkpoint folder, but it has no config.json`, {
      hint: await nestedHint(folder, shown),
    });
  }
  checkWeights(folder.names, shown);
  const reader = await openSafetensorsFolder(folder);
  const note = weightsNote(folder.names);
  return {
    path: folder.path,
    format: "safetensors",
    reader,
    config: config.value,
    configText: config.text,
    tokenizerFiles: folderTokenizer(folder),
    origins: [],
    ...(note === undefined ? {} : { notes: [note] }),
    close: () => reader.close(),
  };
}

/** Whether the path is a folder; otherwise it is a GGUF file. */
async function isFolder(absolute: string, shown: string): Promise<boolean> {
  try {
    if ((await stat(absolute)).isDirectory()) return true;
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT" && systemCodeOf(error) !== "ENOTDIR") {
      throw new InputError(`${shown}: cannot be opened: ${messageOf(error)}`, { cause: error });
    }
    throw new InputError(`${shown}: there is no such checkpoint`, { hint: await nearNames(absolute) });
  }
  if (/\.gguf$/i.test(absolute)) return false;
  if (isPickle(absolute)) throw pickleError(shown, basename(absolute));
  throw new InputError(`${shown}: expected a checkpoint folder or a GGUF file, found another file`, {
    hint: absolute.endsWith(".safetensors")
      ? `Name the folder that holds it, with its config.json: ${dirname(shown)}`
      : "Name a folder with config.json and safetensors weights.",
  });
}

/** Says which folder was probably meant: a near name, or what there is beside the missing one. */
async function nearNames(missing: string): Promise<string | undefined> {
  const parent = dirname(missing);
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isFile() || entry.name.endsWith(".gguf"))
      .map((entry) => entry.name)
      .filter((name) => !name.startsWith("."))
      .toSorted();
    const near = nearestWord(basename(missing), names);
    if (near !== undefined) return `Did you mean "${near}"?`;
    return names.length === 0 ? undefined : `Its parent folder has: ${names.slice(0, 10).join(", ")}.`;
  } catch {
    return `Its parent folder ${parent} does not exist either.`;
  }
}

async function nestedHint(folder: FileFolder, shown: string): Promise<string> {
  if (!folder.names.includes("adapter_config.json")) {
    return "A checkpoint is a folder with config.json, safetensors weights and a tokenizer.";
  }
  const { base_model_name_or_path: base } = (await readJsonFile(folder, "adapter_config.json"))?.value ?? {};
  return `This is a LoRA adapter: write it behind its base model, as ${typeof base === "string" && base !== "" ? base : "BASE"}+${shown}`;
}

function checkWeights(files: readonly string[], path: string): void {
  if (files.some((name) => name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json"))) return;
  const pickle = files.find(isPickle);
  if (pickle !== undefined) throw pickleError(path, pickle);
  throw new InputError(`${path}: expected model.safetensors or its shards, found no weights`, {
    hint: "The download may be incomplete: fetch the checkpoint again.",
  });
}

function pickleError(path: string, file: string): InputError {
  return new InputError(`${path}: the weights are a pickle file (${file}), which can run code when it is read`, {
    hint: "Convert it to safetensors: load it with transformers, then save_pretrained(folder, safe_serialization=True).",
  });
}

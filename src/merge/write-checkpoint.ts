import { rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InputError, systemCodeOf, WorkError } from "../base/errors.ts";
import { describeWriteFailure, wholeOrNothing } from "../base/files/atomic-write.ts";
import { makeFolder } from "../base/files/make-folder.ts";
import { checkNewFolder } from "../base/files/new-path.ts";
import { removeAbandoned, temporaryFolder } from "../base/files/temporary-path.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { tokenizerFilesOf } from "../checkpoints/tokenizer/tokenizer-files.ts";
import { layoutSafetensors } from "../safetensors/write.ts";
import { dtypeBytes } from "../tensors/dtype.ts";
import { elementCount } from "../tensors/tensor-info.ts";
import type { TensorStream } from "../tensors/write/tensor-stream.ts";
import { type DigestedTensor, tensorsDigest } from "../tensors/write/tensors-digest.ts";
import { type StoreOptions, writeTensorFile } from "../tensors/write/write-tensor-file.ts";
import type { DigestedWeights } from "./digest-weights.ts";
import { mergedConfigText } from "./merged-config.ts";
import { modelCard } from "./model-card.ts";
import type { MergePlan } from "./plan/plan.ts";
import { mergeStreams } from "./run-merge.ts";

/** mergekit's: 5 GB. */
const DEFAULT_SHARD_BYTES = 5_000_000_000;
/** The version of mergekit whose files are reproduced. */
const MERGEKIT_VERSION = "0.1.4";

/** How a merge is written. */
export interface WriteCheckpointOptions extends Pick<StoreOptions, "signal" | "onStored" | "onNonFinite"> {
  /** Bytes of tensors in a file at the most, but for a tensor that is larger by itself. */
  readonly shardBytes?: number | undefined;
  /** The recipe as a person wrote it, kept beside the weights and in the model card. */
  readonly recipeText?: string | undefined;
  /** Whether the donor's tokenizer files are copied; they are if not said. What the recipe builds is written in any case. */
  readonly copyTokenizer?: boolean | undefined;
}

/**
 * Writes a merge as a checkpoint folder, file for file as mergekit does. The folder appears under its name by one rename,
 * when it is complete. What a killed process left of it is removed.
 *
 * @throws InputError if the name is taken, but by an empty folder, or no folder can be made there
 * @throws WorkError if the disk is full; nothing is left then
 */
export async function writeMergedCheckpoint(
  plan: MergePlan,
  folder: string,
  { shardBytes = DEFAULT_SHARD_BYTES, recipeText, copyTokenizer = true, ...options }: WriteCheckpointOptions = {},
): Promise<DigestedWeights> {
  await checkNewFolder(folder);
  const final = resolve(folder);
  const temporary = temporaryFolder(final);
  const streams = mergeStreams(plan);
  try {
    await removeAbandoned(final);
    await makeFolder(temporary);
    // First, so that a file that is refused costs no time.
    if (copyTokenizer || plan.recipe.vocabulary !== undefined) await writeTokenizer(plan.donor, temporary);
    const tensors = await writeShards(temporary, splitIntoShards(streams, shardBytes), options);
    const weightsSha256 = tensorsDigest(tensors);
    await writeFile(join(temporary, "config.json"), mergedConfigText(plan));
    if (recipeText !== undefined) await writeFile(join(temporary, "mergekit_config.yml"), recipeText);
    await writeFile(join(temporary, "README.md"), modelCard(plan, basename(final), recipeText, weightsSha256));
    await rename(temporary, final).catch((error: unknown) => {
      if (!["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) throw error;
      throw new InputError(`Expected a new folder ${folder}, found that somebody else has made it meanwhile`, {
        hint: "What is there is left as it is. Name another place, and make it again.",
        cause: error,
      });
    });
    return { weightsSha256, tensors };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    // A weights file has a name in the temporary folder, which nobody knows and which is gone.
    const cause = error instanceof WorkError && systemCodeOf(error.cause) !== undefined ? error.cause : error;
    throw describeWriteFailure(
      cause,
      folder,
      wholeOrNothing(streams.reduce((sum, stream) => sum + bytesOf(stream), 0)),
    );
  }
}

/** Copies the files byte for byte; of a GGUF, which has none, writes what its metadata knows. */
async function writeTokenizer({ tokenizer, tokenizerFiles }: Checkpoint, folder: string): Promise<void> {
  for (const name of tokenizerFiles.names) {
    const content = await tokenizerFiles.read(name);
    if (content !== undefined) await writeFile(join(folder, name), content);
  }
  const rebuilt = tokenizer === undefined ? undefined : tokenizerFilesOf(tokenizer);
  for (const [name, content] of rebuilt ?? []) await writeFile(join(folder, name), content);
}

/** Consecutive tensors up to the limit, as mergekit groups them. */
function splitIntoShards(streams: readonly TensorStream[], shardBytes: number): TensorStream[][] {
  const shards: TensorStream[][] = [];
  let room = 0;
  for (const stream of streams) {
    const size = bytesOf(stream);
    const shard = shards.at(-1);
    if (shard === undefined || size > room) {
      shards.push([stream]);
      room = shardBytes - size;
    } else {
      shard.push(stream);
      room -= size;
    }
  }
  return shards;
}

async function writeShards(
  folder: string,
  shards: readonly TensorStream[][],
  options: StoreOptions,
): Promise<DigestedTensor[]> {
  const digests: DigestedTensor[] = [];
  const weightMap: Record<string, string> = {};
  let totalSize = 0;
  for (const [index, streams] of shards.entries()) {
    const name =
      shards.length === 1
        ? "model.safetensors"
        : `model-${fiveDigits(index + 1)}-of-${fiveDigits(shards.length)}.safetensors`;
    const path = join(folder, name);
    digests.push(
      ...(await writeTensorFile(path, layoutSafetensors(streams), streams, { ...options, keptForLater: true })),
    );
    for (const stream of streams) {
      weightMap[stream.name] = name;
      totalSize += bytesOf(stream);
    }
  }
  if (shards.length > 1) {
    const metadata = { total_size: totalSize, mergekit_version: MERGEKIT_VERSION };
    const index = JSON.stringify({ metadata, weight_map: weightMap }, undefined, 2);
    await writeFile(join(folder, "model.safetensors.index.json"), index);
  }
  return digests;
}

function bytesOf({ shape, dtype }: TensorStream): number {
  return elementCount(shape) * dtypeBytes(dtype);
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, "0");
}

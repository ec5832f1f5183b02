import { copyFile, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InputError, systemCodeOf } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { openCheckpoint } from "../../checkpoints/open-checkpoint.ts";
import { digestCheckpoint } from "../../merge/digest-weights.ts";
import { type ModelCard, parseCard, withResults } from "../../report/page/model-card.ts";
import type { RenderedReport } from "../../report/render-report.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import type { CliContext } from "../context.ts";

const PICTURE = "mergesweep-overview.png";

/** The card of a merge that a run has evaluated. */
export interface OwnCard {
  readonly model: string;
  readonly point: string;
  readonly card: ModelCard;
}

/**
 * Reads the README.md of a merge of a run. Of which point it is, its weights say.
 *
 * @throws InputError if the run has no point with these weights, or the README.md cannot take results
 */
export async function readCard({ signal }: CliContext, model: string, run: StoredRun): Promise<OwnCard> {
  const weightsSha256 = await weightsOf(model, signal);
  const unit = run.evaluated.find(({ result }) => result.weights_sha256 === weightsSha256);
  if (unit === undefined) {
    throw new InputError(`${model}: expected the weights of a point of ${run.manifest.sweep}, found ${weightsSha256}`, {
      hint: "summary.csv has the digests of all points in weights_sha256; `mergesweep verify` says what a merge is.",
    });
  }
  return await readCardAt(model, unit.point.name);
}

/**
 * Reads the README.md of the merge at a point.
 *
 * @throws InputError if it cannot take results
 */
export async function readCardAt(model: string, point: string): Promise<OwnCard> {
  const path = readmeOf(model);
  const readme = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return `# ${basename(resolve(model))}\n`;
    throw error;
  });
  return { model, point, card: parseCard(readme, path) };
}

/**
 * Writes the results of a run into the README.md of one of its merges.
 *
 * @param report what was written, and in which folder
 */
export async function writeCard(
  { terminal }: CliContext,
  { model, point, card }: OwnCard,
  { folder, content, files }: Pick<RenderedReport, "content" | "files"> & { readonly folder: string },
): Promise<void> {
  const overview = files.find((file) => file.startsWith("overview") && file.endsWith(".png"));
  if (overview !== undefined) await copyFile(join(folder, overview), join(model, PICTURE));
  const own = { ...content, point, picture: overview === undefined ? undefined : PICTURE };
  const path = readmeOf(model);
  await writeFileAtomic(path, withResults(card, basename(resolve(model)), own));
  terminal.note(`${path}: results of ${point}`);
}

function readmeOf(model: string): string {
  return join(model, "README.md");
}

async function weightsOf(model: string, signal: AbortSignal): Promise<string> {
  const checkpoint = await openCheckpoint(model);
  try {
    return (await digestCheckpoint(checkpoint, { signal })).weightsSha256;
  } finally {
    await checkpoint.close();
  }
}

import { copyFile, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { writeFileAtomic } from "../base/atomic-write.ts";
import { InputError, systemCodeOf } from "../base/errors.ts";
import { openCheckpoint } from "../checkpoints/open-checkpoint.ts";
import { digestCheckpoint } from "../merge/write-tensors.ts";
import { withResults } from "../report/page/model-card.ts";
import type { RenderedReport } from "../report/render-report.ts";
import type { StoredRun } from "../runs/schema.ts";
import type { CliContext } from "./context.ts";

const PICTURE = "mergesweep-overview.png";

interface CardSource extends Pick<RenderedReport, "content" | "files"> {
  readonly run: StoredRun;
  /** Of the report. */
  readonly folder: string;
}

/**
 * Writes the results of a run into the README.md of one of its merges, which is known by its weights.
 *
 * @throws InputError if the run has no point with these weights
 */
export async function writeCard(
  { terminal, signal }: CliContext,
  model: string,
  { run, folder, content, files }: CardSource,
): Promise<void> {
  const weightsSha256 = await weightsOf(model, signal);
  const unit = run.evaluated.find(({ result }) => result.weights_sha256 === weightsSha256);
  if (unit === undefined) {
    throw new InputError(`${model}: expected the weights of a point of ${run.manifest.sweep}, found ${weightsSha256}`, {
      hint: "summary.csv has the digests of all points in weights_sha256; `mergesweep verify` says what a merge is.",
    });
  }
  const path = join(model, "README.md");
  const readme = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return `# ${basename(resolve(model))}\n`;
    throw error;
  });
  const overview = files.find((file) => file.startsWith("overview") && file.endsWith(".png"));
  if (overview !== undefined) await copyFile(join(folder, overview), join(model, PICTURE));
  const card = { ...content, point: unit.point.name, picture: overview === undefined ? undefined : PICTURE };
  await writeFileAtomic(path, withResults(readme, basename(resolve(model)), card));
  terminal.note(`${path}: results of ${unit.point.name}`);
}

async function weightsOf(model: string, signal: AbortSignal): Promise<string> {
  const checkpoint = await openCheckpoint(model);
  try {
    return (await digestCheckpoint(checkpoint, { signal })).weightsSha256;
  } finally {
    await checkpoint.close();
  }
}

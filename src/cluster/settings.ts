import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError, messageOf } from "../base/errors.ts";
import { checkYaml } from "../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile } from "../base/yaml/yaml-document.ts";
import { type SlurmConfig, slurmSchema } from "../sweep/file/cluster-config.ts";
import type { SweepFile } from "../sweep/file/config.ts";

/** How a run is submitted, from flags, sweep file and site file; the first that says something counts. */
export interface SlurmSettings extends Omit<SlurmConfig, "prelude"> {
  /** Shell commands that go before the worker, and the file that they are from. */
  readonly prelude?: Prelude | undefined;
}

interface Prelude {
  readonly path: string;
  readonly text: string;
}

/** `~/.config/mergesweep/slurm.yaml`, or where XDG_CONFIG_HOME says. */
export function siteFile(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment.XDG_CONFIG_HOME;
  // The standard has relative ones ignored.
  const folder = home?.startsWith("/") === true ? home : join(homedir(), ".config");
  return join(folder, "mergesweep", "slurm.yaml");
}

/** What flags say; all may be missing. */
export type SlurmFlags = { readonly [Key in keyof SlurmConfig]?: SlurmConfig[Key] | undefined };

/**
 * Settles how a run is submitted. Flags beat the sweep file, which beats the site's file; flags of sbatch are added up, those of
 * the command line last.
 *
 * @throws ConfigError with file:line:column for what is wrong in the site's file, and for a prelude that cannot be read
 */
export async function settleSlurm(flags: SlurmFlags, sweep: SweepFile): Promise<SlurmSettings> {
  const path = siteFile();
  const layers = [
    { said: await readSiteFile(path), folder: dirname(path) },
    { said: sweep.config.cluster?.slurm ?? {}, folder: dirname(resolve(sweep.path)) },
    { said: flags, folder: process.cwd() },
  ];
  const settled: Record<string, unknown> = {};
  for (const { said, folder } of layers) {
    for (const [key, value] of Object.entries(said)) {
      if (value === undefined) continue;
      settled[key] = key === "prelude" && typeof value === "string" ? resolve(folder, value) : value;
    }
  }
  const sbatch = layers.flatMap(({ said }) => said.sbatch ?? []);
  const { prelude, ...rest } = slurmSchema.parse({ ...settled, sbatch });
  return { ...rest, prelude: prelude === undefined ? undefined : await readPrelude(prelude) };
}

/** What the site's file says; nothing where there is none. */
async function readSiteFile(path: string): Promise<SlurmFlags> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? checkYaml(parseYaml(await readYamlFile(path, "settings of Slurm"), path), slurmSchema) : {};
}

async function readPrelude(path: string): Promise<Prelude> {
  try {
    return { path, text: await readFile(path, "utf8") };
  } catch (error) {
    throw new ConfigError(`Expected the prelude, a file of shell commands, at ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

import { cp, lstat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { InputError, systemCodeOf } from "../../base/errors.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import type { CliContext } from "../context.ts";
import { defineCommand } from "../flags/options.ts";

/** Where mergesweep itself lies, from `src` and from `dist`. */
const SHIPPED_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** What is copied as it is. */
const COPIED = ["sweeps/pocket.yaml", "checkpoints/pocket", "datasets/pocket-math"];

const OWN_SWEEP = `# A sweep of your own: name two experts below, then
#   mergesweep plan sweeps/mine.yaml    checks everything and writes nothing
#   mergesweep run sweeps/mine.yaml     runs it, or goes on with it
name: mine
axes:
  w: { from: 0, to: 1, step: 0.1 } # or a list: [0.1, 0.3]; several axes make a grid
recipe: # a mergekit config, with \${expressions} where the numbers vary
  merge_method: linear
  models:
    # a folder with safetensors, a GGUF file, or org/name[@revision] of the Hugging Face hub
    - { model: path/to/expert-a, parameters: { weight: "\${w}" } }
    - { model: path/to/expert-b, parameters: { weight: "\${1 - w}" } }
  parameters: { normalize: true }
  dtype: bfloat16
# references: { base: path/to/base } # evaluated beside the points, never merged
benchmarks: [pocket-math] # \`mergesweep datasets list\` shows all
generation: { temperature: 0, max_tokens: 2048, attempts: 1, seed: 0 }
`;

const WRITTEN: Readonly<Record<string, string>> = {
  "sweeps/mine.yaml": OWN_SWEEP,
  ".gitignore": "node_modules/\n/runs/\n/reports/*/trial/\n",
};

/** `mergesweep init [FOLDER]`: an example project that runs as it is, with a sweep to fill in. */
export function initCommand({ terminal, program }: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("folder", {
          type: "string",
          default: ".",
          description: "Folder; existing files are left as they are",
        })
        .example("$0 init demo", "then: cd demo, and run sweeps/pocket.yaml"),
    handler: async ({ folder }) => {
      await checkFree(folder);
      for (const name of COPIED) {
        const target = join(folder, name);
        await makeFolder(dirname(target));
        const source = join(SHIPPED_ROOT, name);
        await cp(source, target, {
          recursive: true,
          errorOnExist: true,
          force: false,
          filter: (path) => !relative(source, path).endsWith(".py"),
        });
      }
      for (const [name, text] of Object.entries(WRITTEN)) {
        const target = join(folder, name);
        await makeFolder(dirname(target));
        await writeFile(target, text, { flag: "wx" });
      }
      const enter = folder === "." ? "" : `cd ${folder}\n`;
      // The scripts of a checkout are not known in the folder that was made.
      const start = program.startsWith("npm ") ? "mergesweep" : program;
      terminal.out(
        `Made ${[...COPIED, ...Object.keys(WRITTEN)].join(", ")}. Next:\n\n${enter}${start} run sweeps/pocket.yaml`,
      );
    },
  });
}

/** @throws InputError naming everything that would be written over; nothing was written then */
async function checkFree(folder: string): Promise<void> {
  const taken: string[] = [];
  for (const name of [...COPIED, ...Object.keys(WRITTEN)]) if (await exists(join(folder, name))) taken.push(name);
  if (taken.length === 0) return;
  throw new InputError(`Expected no project in ${folder}, found ${taken.join(", ")}`, {
    hint: "Existing files are left as they are: name another folder, or remove these.",
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { mountSmallDisk } from "../../helpers/files/small-disk.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");
const disk = mountSmallDisk("2m");
const onDisk = (name: string): string => join(disk?.folder ?? "", name);

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  const recipe = `merge_method: linear\nmodels:\n  - { model: ${LEN}, parameters: { weight: 1 } }\n`;
  await writeFile(join(folder, "merge.yml"), recipe);
});
afterAll(() => {
  disk?.remove();
});

test.skipIf(disk === undefined).each([
  ["merge", onDisk("out"), ["merge", join("FOLDER", "merge.yml"), onDisk("out")], "4.99 MB"],
  ["merge", onDisk("out"), ["merge", join("FOLDER", "merge.yml"), onDisk("out"), "--out-shard-size", "1M"], "4.99 MB"],
  ["convert", onDisk("out.gguf"), ["convert", LEN, onDisk("out.gguf")], "5.01 MB"],
])(
  "a disk that gets full in a %s is one message that names the place and the space it takes",
  async (_name, out, args, size) => {
    const { code, stdout, stderr } = await cli(args.map((arg) => arg.replace("FOLDER", folder)));
    expect(stderr).toBe(
      `mergesweep: No space left on the disk while writing ${out}\n` +
        `It takes about ${size}, and nothing of it is left there: free that much space, then run the same command again.\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(await readdir(disk?.folder ?? "")).toEqual([]);
  },
);

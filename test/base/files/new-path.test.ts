import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { checkWritable } from "../../../src/base/files/new-path.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  await writeFile(join(folder, "file"), "mine");
});

test("a folder that is there or can be made can be written to, and is not made", async () => {
  await checkWritable(folder);
  await checkWritable(join(folder, "far/below"));
  expect(await readdir(folder)).toEqual(["file"]);
});

test.each(["file", "file/below", "file/far/below"])("%s cannot be written to, and the error names it", async (name) => {
  const path = join(folder, name);
  await expect(checkWritable(path)).rejects.toThrow(
    `${path}: expected ${join(folder, "file")} to be a folder, found a file`,
  );
});

import { stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../../src/base/files/make-folder.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const scratch = scratchFolder();

test("what is missing above is made, too, and what is there is fine, also by several at once", async () => {
  const path = join(scratch, "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(scratch, "a", "b", "d"))]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test("a place that cannot hold a folder is the system's error, at once", async () => {
  await writeFile(join(scratch, "file"), "");
  await symlink(join(scratch, "nowhere"), join(scratch, "link"));
  await expect(makeFolder(join(scratch, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(scratch, "file", "x"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(makeFolder(join(scratch, "link", "x"))).rejects.toMatchObject({ code: "EEXIST" });
});

test.skipIf(process.platform !== "linux")("a file system without folders of others is the system's error", async () => {
  await expect(makeFolder("/proc/mergesweep/x")).rejects.toMatchObject({ code: "ENOENT" });
});

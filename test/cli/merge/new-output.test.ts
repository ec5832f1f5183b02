import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");
/** A model that does not exist: only what is looked at before it is opened can be said of OUT. */
const NO_MODEL = "/there/is/no/such/model.gguf";

let folder: string;
beforeEach(async () => {
  folder = scratchFolder();
  await writeFile(join(folder, "file"), "mine");
  await mkdir(join(folder, "used"));
  await writeFile(join(folder, "used/notes.txt"), "mine");
  await symlink("nowhere", join(folder, "dangling"));
  await symlink("file", join(folder, "link"));
  await symlink("used", join(folder, "linked-folder"));
});

const TAKEN: readonly [name: string, found: string][] = [
  ["file", "found a file"],
  ["used", "found"],
  ["link", "found a link"],
  ["dangling", "found a link"],
  ["linked-folder", "found a link"],
  ["file/below", "to be a folder, found a file"],
  ["file/far/below", "to be a folder, found a file"],
  ["dangling/below", "to be a folder, found a link"],
];

/** Everything in the folder is as it was made. */
async function expectUntouched(): Promise<void> {
  expect((await readdir(folder)).toSorted()).toEqual(["dangling", "file", "link", "linked-folder", "used"]);
  expect(await readdir(join(folder, "used"))).toEqual(["notes.txt"]);
  expect(await readFile(join(folder, "file"), "utf8")).toBe("mine");
}

describe("mergesweep convert", () => {
  test.each(TAKEN)("refuses %s before the model is opened, and leaves what is there", async (name, found) => {
    const { code, stdout, stderr } = await cli(["convert", NO_MODEL, join(folder, name)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(found);
    expect(stderr).toMatch(/^mergesweep: .*[Ee]xpected .*\n[A-Z].*\.\n$/);
    await expectUntouched();
  });

  test("refuses an empty name and that of a folder to be", async () => {
    expect((await cli(["convert", NO_MODEL, ""])).stderr).toContain("found an empty one");
    expect((await cli(["convert", NO_MODEL, `${folder}/new/`])).stderr).toContain("found that of a folder");
    await expectUntouched();
  });

  test("never writes over its own input", async () => {
    const model = join(folder, "used/len.gguf");
    expect((await cli(["convert", LEN, model])).code).toBe(0);
    const before = await readFile(model);
    const { code, stderr } = await cli(["convert", model, model, "--type", "q8_0"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Expected a new file ${model}, found a file`);
    expect((await readFile(model)).equals(before)).toBe(true);
  });
});

async function mergeTo(out: string): ReturnType<typeof cli> {
  const config = join(folder, "used/notes.txt");
  await writeFile(config, `merge_method: linear\nmodels:\n  - { model: ${NO_MODEL}, parameters: { weight: 1 } }\n`);
  return cli(["merge", config, out]);
}

describe("mergesweep merge", () => {
  test.each(TAKEN)("refuses %s before the models are opened, and leaves what is there", async (name, found) => {
    const { code, stdout, stderr } = await mergeTo(join(folder, name));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(found);
    expect(stderr).not.toContain(NO_MODEL);
    await expectUntouched();
  });

  test("refuses an empty name", async () => {
    const { code, stderr } = await mergeTo("");
    expect(code).toBe(2);
    expect(stderr).toContain("Expected the name of a new folder, found an empty one");
  });

  test("takes a folder that is empty", async () => {
    await mkdir(join(folder, "used/empty"));
    const { stderr } = await mergeTo(join(folder, "used/empty"));
    expect(stderr).toContain(NO_MODEL);
  });
});

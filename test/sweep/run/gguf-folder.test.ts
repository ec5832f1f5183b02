import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processPlace } from "../../../src/base/process-place.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";

/** Numbers that are no user's; the superuser may run a process as one. */
const [USER, OTHER] = [61_234, 61_235];
const own = (user: number): string => `/dev/shm/mergesweep-${user}`;
const MODULE = join(projectRoot, "src/sweep/run/gguf-folder.ts");

let folder: string;
beforeEach(async () => {
  folder = scratchFolder();
  await chmod(folder, 0o1777);
});
afterEach(async () => {
  for (const path of [own(USER), own(OTHER)]) await rm(path, { recursive: true, force: true });
});

/** What a process of a user runs, with a cache that all users share. */
function as(user: number, args: readonly string[]): string {
  return execFileSync(process.execPath, ["--import", "tsx", ...args], {
    uid: user,
    gid: user,
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, MERGESWEEP_CACHE: join(folder, "cache") },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** Where a user's merged files would lie. */
function chosenBy(user: number): string {
  const chosen = `import(${JSON.stringify(MODULE)}).then(async (m) => console.log(await m.chooseGgufFolder(1000, 1, 1e9)))`;
  return as(user, ["--eval", chosen]);
}

/** The table that `mergesweep eval` prints for a user. */
function evaluateAs(user: number): string {
  const main = join(projectRoot, "src/cli/main.ts");
  const model = join(projectRoot, "checkpoints/pocket/len");
  const places = ["--out", join(folder, `run-${user}`), "--report", join(folder, `report-${user}`)];
  return as(user, [main, "eval", model, "--limit", "1", ...places]);
}

const superuser = process.getuid?.() === 0;

describe.skipIf(!superuser)("merged files of several users (only the superuser can try)", { timeout: 120_000 }, () => {
  it("lie in a folder of each user that the others do not see into", async () => {
    expect(chosenBy(USER)).toBe(own(USER));
    expect(chosenBy(OTHER)).toBe(own(OTHER));
    expect(await stat(own(OTHER))).toMatchObject({ uid: OTHER });
    expect((await stat(own(OTHER))).mode & 0o777).toBe(0o700);
  });

  it("do not go where another user has put a folder or a link, or where nothing can be written", async () => {
    const disk = join(folder, "cache/gguf");
    await mkdir(own(USER));
    await chown(own(USER), OTHER, OTHER);
    await chmod(own(USER), 0o777);
    expect(chosenBy(USER)).toBe(disk);

    await rm(own(USER), { recursive: true });
    await mkdir(join(folder, "elsewhere"));
    await chown(join(folder, "elsewhere"), USER, USER);
    await symlink(join(folder, "elsewhere"), own(USER));
    expect(chosenBy(USER)).toBe(disk);

    await rm(own(USER));
    await mkdir(own(USER));
    await chown(own(USER), USER, USER);
    await chmod(own(USER), 0o500);
    expect(chosenBy(USER)).toBe(disk);
  });

  it("stay as long as their maker lives, and where they are not one's own to remove", async () => {
    const shared = join(folder, "cache/gguf");
    await mkdir(shared, { recursive: true });
    await chmod(shared, 0o1777);
    const here = await processPlace();
    const elsewhere = "0".repeat(16);
    // This process is another user's; of the dead ones, the last two are this user's own.
    const names = [
      `${process.pid}-${here}-alive.gguf`,
      `999999999-${here}-theirs.gguf`,
      `999999998-${elsewhere}-on-another-machine.gguf`,
      `999999998-${here}-mine.gguf`,
      "999999998-mine-of-an-older-version.gguf",
    ];
    for (const name of names) await writeFile(join(shared, name), "");
    for (const name of names.slice(2)) await chown(join(shared, name), USER, USER);
    await mkdir(own(USER));
    expect(chosenBy(USER)).toBe(shared);
    expect((await readdir(shared)).toSorted()).toEqual(names.slice(0, 3).toSorted());
  });

  it("are made one user after the other", async () => {
    expect(evaluateAs(USER)).toMatch(/\nlen /);
    expect(evaluateAs(OTHER)).toMatch(/\nlen /);
  });
});

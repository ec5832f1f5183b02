import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of few bytes of its own. */
export interface SmallDisk {
  readonly folder: string;
  remove(): void;
}

/** Mounts a small file system where that is permitted; undefined elsewhere: the test then skips and says so. */
export function mountSmallDisk(size: string): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "mergesweep-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  return {
    folder,
    remove() {
      execFileSync("umount", [folder], { stdio: "ignore" });
      rmdirSync(folder);
    },
  };
}

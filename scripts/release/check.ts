import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ReleaseManifest, sourceFaults } from "./sources.ts";
import { tarballFaults } from "./tarball.ts";

/** `npm run release:check`: whether what is here can be published. Prints each fault; the exit code is 1 where there is one. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const text = (name: string): string => readFileSync(join(root, name), "utf8");
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: root, encoding: "utf8" });

const folder = mkdtempSync(join(tmpdir(), "mergesweep-release-"));
try {
  run("npm", "run", "-s", "build");
  const tarball = join(folder, run("npm", "pack", "--silent", "--pack-destination", folder).trim());
  const manifest: ReleaseManifest = JSON.parse(text("package.json"));
  const changed = run("git", "status", "--porcelain").trim();
  const faults = [
    ...(changed === "" ? [] : [`the working tree has changes that are not committed:\n${changed}`]),
    ...sourceFaults(root, manifest, text("CHANGELOG.md"), text("README.md")),
    ...(await tarballFaults(tarball)),
  ];
  const [packed]: [{ size: number; entryCount: number }] = JSON.parse(run("npm", "pack", "--dry-run", "--json"));
  const lines = [
    `mergesweep ${manifest.version}: ${packed.entryCount} files, ${(packed.size / 1e6).toFixed(1)} MB`,
    ...faults.map((fault) => `- ${fault}`),
    faults.length === 0 ? "Ready: npm publish" : `Not ready: ${faults.length} to mend before it is published.`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

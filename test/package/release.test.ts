import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sourceFaults } from "../../scripts/release/sources.ts";
import { tarballFaults } from "../../scripts/release/tarball.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";

let folder = "";
beforeEach(() => {
  folder = scratchFolder();
});

describe("what a release is checked for", () => {
  const manifest = { version: "0.2.0", repository: "github:a/b", keywords: ["merging"] };
  const changelog = "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- Something.\n\n## 0.1.0\n";

  it("is content with a version whose section opens the changelog, and links that lead somewhere", () => {
    writeFileSync(join(folder, "there.md"), "");
    const readme = "[a](there.md#part) [b](https://example.org/x)";
    expect(sourceFaults(folder, manifest, changelog, readme)).toEqual([]);
  });

  it.each([
    ["version", { ...manifest, version: "next" }, changelog, ""],
    ["repository", { ...manifest, repository: undefined }, changelog, ""],
    ["keywords", { ...manifest, keywords: [] }, changelog, ""],
    ['begins with "Unreleased"', manifest, changelog.replace("0.2.0 (2026-12-01)", "Unreleased"), ""],
    ["gone.md, which is not there", manifest, changelog, "[a](gone.md)"],
  ])("names %s", (words, found, changes, readme) => {
    expect(sourceFaults(folder, found, changes, readme).join("\n")).toContain(words);
  });

  it("names what a tarball lacks, what does not belong into it, and a types entry that leads nowhere", async () => {
    const root = join(folder, "package");
    mkdirSync(join(root, "src"), { recursive: true });
    mkdirSync(join(root, "dist"));
    mkdirSync(join(root, "node_modules/small"), { recursive: true });
    const files: Record<string, string> = {
      "package.json":
        '{ "name": "mergesweep", "version": "0.2.0", "type": "module", "main": "dist/index.js", "types": "dist/index.d.ts" }',
      "dist/index.js": "export const x = 1;\n",
      "dist/index.js.map": '{ "version": 3, "sources": ["../src/index.ts"], "mappings": "" }',
      "src/index.ts": "export const x = 1;\n",
      "THIRD-PARTY-NOTICES": "This package bundles the following software.\n",
      "node_modules/small/package.json": '{ "name": "small", "version": "1.2.3" }',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    execFileSync("tar", ["czf", "made.tgz", "package"], { cwd: folder });

    const faults = await tarballFaults(join(folder, "made.tgz"));
    expect(faults).toEqual(
      expect.arrayContaining([
        "dist/cli/main.js is missing",
        "src/index.ts does not belong into the package",
        "dist/index.js.map does not hold its sources",
        "THIRD-PARTY-NOTICES does not name small 1.2.3, which is bundled",
        expect.stringMatching(/^publint: .*types/),
      ]),
    );
  });
});

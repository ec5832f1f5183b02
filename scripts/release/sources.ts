import { existsSync } from "node:fs";
import { join } from "node:path";

/** What of package.json a release is checked by. */
export interface ReleaseManifest {
  readonly version: string;
  readonly repository?: unknown;
  readonly keywords?: readonly string[];
}

/** What is missing in the sources before `version` can be published, one line a fault. */
export function sourceFaults(root: string, manifest: ReleaseManifest, changelog: string, readme: string): string[] {
  const { version } = manifest;
  const faults: string[] = [];
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) faults.push(`package.json: version "${version}" is not a version`);
  if (manifest.repository === undefined) {
    faults.push(
      "package.json: repository is not set, so the README's links lead nowhere on npm: set it to its address",
    );
  }
  if (!manifest.keywords?.length) faults.push("package.json: keywords are missing");
  const newest = /^## (.+)$/m.exec(changelog)?.[1] ?? "nothing";
  if (newest.split(" ")[0] !== version) {
    faults.push(`CHANGELOG.md begins with "${newest}"; expected "${version} (DATE)": name the section and its date`);
  }
  for (const [, link = ""] of readme.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
    if (!/^https?:/.test(link) && !existsSync(join(root, link)))
      faults.push(`README.md links to ${link}, which is not there`);
  }
  return faults;
}

import { readFile } from "node:fs/promises";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** The package is ES modules alone: `require` of it needs Node 22, which those who use it know. */
const MEANT = new Set(["CJSResolvesToESM"]);
/** Bytes, packed. The three pocket checkpoints take 12 MB of it. */
const LIMIT = 20e6;
/** What somebody who installs the package needs, by a file of each kind. */
const NEEDED = [
  "dist/cli/main.js",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/page/main.js",
  "dist/page/page.css",
  "checkpoints/pocket/base/model.safetensors",
  "datasets/pocket-math/test.jsonl",
  "datasets/math500/benchmark.yaml",
  "protocols/sober-reasoning.yaml",
  "published/w0.1.yaml",
  "sweeps/pocket.yaml",
  "docs/library.md",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "THIRD-PARTY-NOTICES",
];
/** Sources, tests, what was made on the way, and programs for other languages stay at home. */
const UNWANTED = /^(src|test|bench|scripts|runs|reports|\.ci)\/|^(checkpoints|dist)\/.*(\.py|(?<!\.d)\.ts)$|\.node$/;

/**
 * What is wrong with a packed tarball, one line a fault: publint's and are-the-types-wrong's findings, files that are
 * missing or do not belong, licences of bundled packages that THIRD-PARTY-NOTICES does not name.
 */
export async function tarballFaults(path: string): Promise<string[]> {
  const data = await readFile(path);
  const packed = createPackageFromTarballData(new Uint8Array(data));
  const prefix = `/node_modules/${packed.packageName}/`;
  const names = packed.listFiles().map((name) => name.slice(prefix.length));

  const lint = await publint({ pack: { tarball: Uint8Array.from(data).buffer }, strict: true });
  const types = await checkPackage(packed);
  const problems = types.types === false ? ["no types are found"] : types.problems.map(({ kind }) => kind);
  return [
    ...lint.messages.map((message) => `publint: ${formatMessage(message, lint.pkg, { color: false })}`),
    ...problems.filter((kind) => !MEANT.has(kind)).map((kind) => `are-the-types-wrong: ${kind}`),
    ...NEEDED.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names.filter((name) => UNWANTED.test(name)).map((name) => `${name} does not belong into the package`),
    ...mapFaults(names, (name) => packed.readFile(prefix + name)),
    ...noticeFaults(names, (name) => packed.readFile(prefix + name)),
    ...(data.length > LIMIT ? [`${(data.length / 1e6).toFixed(1)} MB; expected at most ${LIMIT / 1e6} MB`] : []),
  ];
}

/** Source maps that lead nowhere: their sources are not in the package, so they have to be in the map. */
function mapFaults(names: readonly string[], read: (name: string) => string): string[] {
  return names
    .filter((name) => /^dist\/.*\.js\.map$/.test(name))
    .filter((name) => {
      const map: { sourcesContent?: unknown[] } = JSON.parse(read(name));
      return map.sourcesContent === undefined || map.sourcesContent.length === 0;
    })
    .map((name) => `${name} does not hold its sources`);
}

/** Bundled packages whose name and version THIRD-PARTY-NOTICES does not give. */
function noticeFaults(names: readonly string[], read: (name: string) => string): string[] {
  const notices = read("THIRD-PARTY-NOTICES");
  return names
    .filter((name) => /^node_modules\/[^/]+\/package\.json$/.test(name))
    .map((name): { name: string; version: string; private?: boolean } => JSON.parse(read(name)))
    .filter((bundled) => bundled.private !== true && !notices.includes(`\n${bundled.name} ${bundled.version} (`))
    .map((bundled) => `THIRD-PARTY-NOTICES does not name ${bundled.name} ${bundled.version}, which is bundled`);
}

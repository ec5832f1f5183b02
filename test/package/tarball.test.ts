import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { tarballFaults } from "../../scripts/release/tarball.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const MINUTES = 60_000;
const start = promisify(execFile);

/** Asked for by `npm run test:package`, or by the variable: it installs a gigabyte. */
const asked = process.env.npm_lifecycle_event === "test:package" || process.env.MERGESWEEP_TEST_PACKAGE === "1";

describe.skipIf(!asked)("the package, installed from its tarball", () => {
  let folder = "";
  let tarball = "";
  const inFolder = async (program: string, args: readonly string[], cwd = folder): Promise<string> =>
    (await start(program, args, { cwd, maxBuffer: 1e8 })).stdout;

  beforeAll(async () => {
    folder = scratchFolder();
    // Not by prepack: .npmrc forbids scripts that start by themselves.
    await inFolder("npm", ["run", "-s", "build"], projectRoot);
    await inFolder("npm", ["pack", "--pack-destination", folder], projectRoot);
    [tarball = ""] = await readdir(folder);
    await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }');
    await inFolder("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`]);
  }, 10 * MINUTES);

  it("has what it needs and no more: publint, are-the-types-wrong, files, source maps, licences", async () => {
    expect(await tarballFaults(join(folder, tarball))).toEqual([]);
  });

  it("bundles no binary, and names the licence of what is bundled in the page", async () => {
    const root = join(folder, "node_modules/mergesweep");
    const notices = await readFile(join(root, "THIRD-PARTY-NOTICES"), "utf8");
    expect((await readdir(join(root, "node_modules"))).toSorted()).toEqual(["canvas", "chartjs-node-canvas", "tslib"]);
    for (const name of ["chart.js", "@kurkle/color", "katex", "diff"]) expect(notices).toContain(`\n${name} `);
  });

  it("shows its help, and grades", async () => {
    expect(await inFolder("npx", ["mergesweep", "--help"])).toContain("mergesweep run");
    expect(await inFolder("npx", ["mergesweep", "grade", "--gold", "\\frac12", "--answer", "0.5"])).toContain(
      "correct",
    );
  });

  it("makes a project, merges in it, and runs its sweep with charts", { timeout: 15 * MINUTES }, async () => {
    expect(await inFolder("npx", ["mergesweep", "init", "demo"])).toContain("\nnpx mergesweep run sweeps/pocket.yaml");
    const demo = join(folder, "demo");
    await writeFile(
      join(demo, "merge.yml"),
      "merge_method: linear\nmodels:\n  - { model: checkpoints/pocket/len, parameters: { weight: 0.5 } }\n  - { model: checkpoints/pocket/accfmt, parameters: { weight: 0.5 } }\ndtype: bfloat16\n",
    );
    await inFolder("npx", ["mergesweep", "merge", "merge.yml", "merged"], demo);
    expect(await readdir(join(demo, "merged"))).toContain("model.safetensors");
    await inFolder("npx", ["mergesweep", "run", "sweeps/pocket.yaml"], demo);
    const report = await readdir(join(demo, "reports/pocket"));
    expect(report).toEqual(expect.arrayContaining(["overview.png", "summary.csv", "index.html"]));
  });

  it("is a library with types", { timeout: 2 * MINUTES }, async () => {
    await writeFile(
      join(folder, "consumer.ts"),
      'import { gradeAnswer, MergesweepError } from "mergesweep";\nconst right: boolean = gradeAnswer({ gold: "1/2", pred: "0.5" }).correct;\nif (!right) throw new MergesweepError("wrong", "expected 0.5 to be 1/2");\nprocess.stdout.write("right");\n',
    );
    const flags = ["--module", "nodenext", "--target", "es2023", "--strict", "--skipLibCheck", "--typeRoots"];
    await inFolder(join(projectRoot, "node_modules/.bin/tsc"), [
      ...flags,
      join(projectRoot, "node_modules/@types"),
      "--types",
      "node",
      "consumer.ts",
    ]);
    expect(await inFolder(process.execPath, ["consumer.js"])).toBe("right");
  });
});

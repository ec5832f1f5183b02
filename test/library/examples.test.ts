import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const run = promisify(execFile);
const document = await readFile(join(projectRoot, "docs/library.md"), "utf8");

/** The examples of the page, and what each prints. */
const EXAMPLES = Array.from(
  document.matchAll(/^## (?<title>[^\n]+)$(?<section>[^]*?)(?=^## |(?![^]))/gm),
  ({ groups: { title = "", section = "" } = {} }) =>
    Array.from(
      section.matchAll(/```ts\n(?<code>[^]*?)```(?:\s*```text\n(?<printed>[^]*?)```)?/g),
      ({ groups }, index) => ({
        title: index === 0 ? title : `${title} (${index + 1})`,
        code: groups?.code ?? "",
        printed: groups?.printed ?? "",
      }),
    ),
).flat();

describe("the examples of docs/library.md", () => {
  let folder = "";
  beforeAll(async () => {
    folder = scratchFolder();
    await symlink(join(projectRoot, "checkpoints"), join(folder, "checkpoints"));
    await symlink(join(projectRoot, "node_modules"), join(folder, "node_modules"));
    await cp(join(projectRoot, "datasets/pocket-math"), join(folder, "datasets/pocket-math"), { recursive: true });
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(projectRoot, "tsconfig.json"),
        compilerOptions: {
          lib: ["es2023", "esnext.disposable", "dom"],
          paths: { mergesweep: [join(projectRoot, "src/index.ts")] },
          typeRoots: [join(projectRoot, "node_modules/@types")],
        },
        include: ["examples"],
        exclude: [],
      }),
    );
    await mkdir(join(folder, "examples"));
    for (const [index, { code }] of EXAMPLES.entries()) await writeFile(join(folder, `examples/${index}.ts`), code);
  });

  it("are found", () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(6);
    expect(EXAMPLES.filter(({ printed }) => printed === "").map(({ title }) => title)).toEqual([]);
  });

  it("have the types that they use", { timeout: 600_000 }, async () => {
    const tsc = join(projectRoot, "node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["--noEmit", "-p", folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  // In order: later ones may read what earlier ones have written.
  it.each(EXAMPLES.map((example, index) => ({ ...example, index })))(
    "$title",
    { timeout: 600_000 },
    async (example) => {
      const { stdout } = await run(process.execPath, ["--import", "tsx", `examples/${example.index}.ts`], {
        cwd: folder,
        env: { ...process.env, TSX_TSCONFIG_PATH: join(folder, "tsconfig.json") },
      });
      expect(stdout).toBe(example.printed);
    },
  );
});

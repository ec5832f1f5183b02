import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { WorkError } from "../../base/errors.ts";

/** What runs in the browser, in two files that need no others. */
export interface PageProgram {
  readonly script: string;
  readonly style: string;
}

/** Where src is, or dist. */
const ROOT = new URL("../../", import.meta.url);
const FILES = { script: "page/main.js", style: "page/page.css" };

let program: Promise<PageProgram> | undefined;

/** The program of the page: as it was built into the package, or, in a checkout, built from its sources now. */
export function pageProgram(): Promise<PageProgram> {
  program ??= import.meta.url.endsWith(".ts") ? bundlePage() : readBuilt();
  return program;
}

async function readBuilt(): Promise<PageProgram> {
  return { script: await readPart(FILES.script), style: await readPart(FILES.style) };
}

function readPart(file: string): Promise<string> {
  return readFile(new URL(file, ROOT), "utf8").catch((error: unknown) => {
    throw new WorkError(`Expected the page's program at ${fileURLToPath(new URL(file, ROOT))}`, {
      hint: "Install the package again, or build it: npm run build",
      cause: error,
    });
  });
}

/** Bundles src/page; needs the development dependencies. Less than a second. */
export async function bundlePage(): Promise<PageProgram> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: ["page/main.ts", "page/page.css"].map((file) => fileURLToPath(new URL(file, ROOT))),
    outdir: "out",
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    // Licence texts are part of the page.
    loader: { ".md": "text", "": "text" },
    logLevel: "silent",
  });
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
  return { script: textOf(".js"), style: textOf(".css") };
}

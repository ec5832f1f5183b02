import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundlePage } from "../src/report/page/bundle-page.ts";

/** Writes the page's program into dist, where a package without the sources has it. Run by `npm run build`. */
const folder = fileURLToPath(new URL("../dist/page/", import.meta.url));
mkdirSync(folder, { recursive: true });
const { script, style } = await bundlePage();
writeFileSync(`${folder}main.js`, script);
writeFileSync(`${folder}page.css`, style);

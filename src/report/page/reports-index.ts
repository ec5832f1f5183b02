import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { escapeHtml } from "./html.ts";

/** What a list of reports needs of a report.json; whatever else is in it may be of another version. */
const reportSchema = z.object({
  manifest: z.object({ sweep: z.string() }),
  decision: z.object({ text: z.string() }).nullable(),
});

/** The name of the folder that reports lie in. */
const REPORTS = "reports";

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
li{margin:1rem 0}
img{max-width:100%;height:auto;background:#fff}`;

/**
 * Writes reports/index.html, a list of all reports beside one with their decisions; only where reports lie in a folder of that
 * name, so that nothing is written where nobody expects it. Folders without a report.json that can be read are none.
 *
 * @returns the file, or undefined if none was written
 */
export async function writeReportsIndex(reportFolder: string): Promise<string | undefined> {
  const folder = dirname(resolve(reportFolder));
  if (basename(folder) !== REPORTS) return undefined;
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted(byCode);
  const reports: string[] = [];
  for (const name of names) {
    const report = reportSchema.safeParse(await readJson(join(folder, name, "report.json")));
    if (report.success) reports.push(itemOf(name, report.data));
  }
  const path = join(folder, "index.html");
  await writeFileAtomic(path, pageOf(reports));
  return path;
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : 1;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

function itemOf(name: string, { manifest, decision }: z.infer<typeof reportSchema>): string {
  const link = `<a href="${encodeURIComponent(name)}/index.html">${escapeHtml(name)}</a>`;
  const sweep = manifest.sweep === name ? "" : ` (${escapeHtml(manifest.sweep)})`;
  return `<li>${link}${sweep}<br>${escapeHtml(decision?.text ?? "Nothing to choose from.")}</li>`;
}

function pageOf(reports: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports - mergesweep</title>
<link rel="icon" href="data:,">
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>Reports</h1>
<ul>
${reports.join("\n")}
</ul>
</main>
</body>
</html>
`;
}

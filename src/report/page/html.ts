import { createHash } from "node:crypto";
import type { PageProgram } from "./bundle-page.ts";
import type { PageData } from "./page-data.ts";

/**
 * index.html: one file that works from disk, without any other. Its policy lets it run its own program and no other, and load
 * nothing; the program makes no markup of texts (trusted types). Without scripts the decision is there to be read.
 */
export function pageHtml(data: PageData, { script, style }: PageProgram): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(data.sweep)} - mergesweep</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page">
<h1>${escapeHtml(data.sweep)}</h1>
${data.decisions.map(({ text }) => `<p>${escapeHtml(text)}</p>`).join("\n")}
<noscript><p>Charts, problems and filters need scripts; the tables are in summary.md and summary.csv.</p></noscript>
</div>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that cannot end the element that it is in. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** Text for the inside of an element or of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

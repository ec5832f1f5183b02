import { decisionTexts, describeRun, legendOf, type PageContent, sectionsOf } from "./markdown.ts";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th:first-child,td:first-child,.name{text-align:left}
tbody tr:hover{background:#f4f6f8}
.decision{font-size:1.1rem;border-left:.3rem solid #2b6cb0;padding-left:.8rem}
img{max-width:100%;height:auto}`;

/** index.html: one page that needs nothing but the pictures beside it; no scripts, no requests elsewhere. */
export function summaryHtml(content: PageContent): string {
  const { manifest, table, claims, decisions, pictures, failures } = content;
  const cells = (tag: "th" | "td", row: readonly string[]): string =>
    row
      .map((cell, i) => `<${tag}${i < table.nameColumns ? ' class="name"' : ""}>${escapeHtml(cell)}</${tag}>`)
      .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(manifest.sweep)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<h1>${escapeHtml(manifest.sweep)}</h1>
${decisionTexts(decisions)
  .map((text) => `<p class="decision">${escapeHtml(text)}</p>`)
  .join("\n")}
<p>${escapeHtml(describeRun(manifest))}</p>
<div class="scroll"><table>
<thead><tr>${cells("th", table.header)}</tr></thead>
<tbody>
${table.rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n")}
</tbody>
</table></div>
<p>${escapeHtml(legendOf(manifest))}</p>
${sectionsOf(claims)
  .map(({ heading, sentences }) => `<h2>${escapeHtml(heading)}</h2>\n${htmlList(sentences)}`)
  .join("\n")}
${failures.length === 0 ? "" : `<p>Not drawn:</p>\n${htmlList(failures)}`}
${pictures.map(({ file, alternative }) => `<p><img src="${encodeURI(file)}" alt="${escapeHtml(alternative)}"></p>`).join("\n")}
<p>Data: <a href="summary.csv">summary.csv</a>, <a href="comparisons.csv">comparisons.csv</a>, <a href="samples.csv">samples.csv</a>, <a href="report.json">report.json</a>.</p>
</body>
</html>
`;
}

function htmlList(items: readonly string[]): string {
  return `<ul>\n${items.map(htmlItem).join("\n")}\n</ul>`;
}

/** An item of a list. What follows its first line is the output of a program. */
function htmlItem(text: string): string {
  const [first, ...output] = text.split("\n").map(escapeHtml);
  return `<li>${first}${output.length === 0 ? "" : `<pre>${output.join("\n")}</pre>`}</li>`;
}

/** Text for the inside of an element or of a quoted attribute. */
function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

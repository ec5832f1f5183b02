import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeReportsIndex } from "../../../src/report/page/reports-index.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const report = (text: string): string => JSON.stringify({ manifest: { sweep: "<b>s" }, decision: { text }, rows: [] });

describe("the list of reports", () => {
  let folder = "";
  beforeAll(async () => {
    folder = scratchFolder();
    for (const [name, content] of [
      ["b & c", report("Choose <w>.")],
      ["a", JSON.stringify({ manifest: { sweep: "a" }, decision: null })],
      ["broken", "{"],
    ] as const) {
      await mkdir(join(folder, "reports", name), { recursive: true });
      await writeFile(join(folder, "reports", name, "report.json"), content);
    }
    await mkdir(join(folder, "reports/empty"));
  });

  it("has every report with its decision, by name, and makes no markup of either", async () => {
    const path = await writeReportsIndex(join(folder, "reports", "a"));
    const html = await readFile(path ?? "", "utf8");
    expect([...html.matchAll(/<li>.*<\/li>/g)].map(([item]) => item)).toEqual([
      '<li><a href="a/index.html">a</a><br>Nothing to choose from.</li>',
      '<li><a href="b%20%26%20c/index.html">b &amp; c</a> (&lt;b&gt;s)<br>Choose &lt;w&gt;.</li>',
    ]);
  });

  it("is not written beside a report that lies elsewhere", async () => {
    expect(await writeReportsIndex(join(folder, "elsewhere"))).toBeUndefined();
  });
});

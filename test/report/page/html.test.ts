import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/findings/judge.ts";
import { buildPageData } from "../../../src/report/page/build-page-data.ts";
import { readTexts, wantTexts } from "../../../src/report/page/choose-texts.ts";
import { pageHtml } from "../../../src/report/page/html.ts";
import type { PageData } from "../../../src/report/page/page-data.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { answeredRun } from "../../helpers/runs/answered-run.ts";
import { projectRoot } from "../../helpers/shared.ts";

async function dataOf(run: StoredRun): Promise<PageData> {
  const wanted = wantTexts(run);
  const texts = { wanted, attempts: await readTexts(run, wanted) };
  return buildPageData(run, judge(run), { pictures: [], failures: [], files: [], texts });
}

describe("the file of a page", () => {
  it("holds its data and nothing that a browser could take for markup", async () => {
    const data = await dataOf(answeredRun());
    const html = pageHtml(data, { script: "run()", style: "p{}" });
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    const [, json = ""] = /<script type="application\/json" id="data">(.*)<\/script>\n<script>/s.exec(html) ?? [];
    expect(json).not.toContain("<");
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(data)));
  });

  it("runs its own program and no other", async () => {
    const data = await dataOf(answeredRun());
    // The digest of "run()", by openssl dgst -sha256 -binary | base64.
    expect(pageHtml(data, { script: "run()", style: "" })).toContain(
      "script-src 'sha256-AvyuiL0SD1mVY3NNxR+V2uo+lhk6RMFrytWmRt6CrJQ='",
    );
  });

  it("of the pocket sweep is under 2 MB", () => {
    expect(statSync(join(projectRoot, "reports/pocket/index.html")).size).toBeLessThan(2_000_000);
  });
});

import { describe, expect, it } from "vitest";
import { placeTexts, readTexts, StringTable, wantTexts } from "../../../src/report/page/choose-texts.ts";
import type { PageTexts } from "../../../src/report/page/page-data.ts";
import { shorten } from "../../../src/report/page/read-attempts.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { answeredRun, isRightAt } from "../../helpers/runs/answered-run.ts";

async function textsOf(run: StoredRun, mostBytes?: number): Promise<PageTexts> {
  const wanted = wantTexts(run, mostBytes);
  return placeTexts(run, wanted, await readTexts(run, wanted), new StringTable());
}

describe("the texts of a page", () => {
  it("are all of them where they fit, each string once", async () => {
    const { shown, leftOut, strings } = await textsOf(answeredRun());
    expect(leftOut).toBe("");
    expect(Object.keys(shown.sums ?? {})).toHaveLength(12);
    const rows = Object.values(shown.sums ?? {}).flatMap(([first]) => first ?? []);
    expect(rows).toHaveLength(36);
    expect(rows).not.toContain(null);
    expect(new Set(strings).size).toBe(strings.length);
  });

  it("are those of questions that points answer differently where there are too many, and the page says so", async () => {
    const { shown, leftOut } = await textsOf(answeredRun(), 400);
    const kept = Object.keys(shown.sums ?? {}).map((name) => Number(name.slice(-3)) - 1);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(8);
    for (const q of kept) expect(new Set([0, 1, 2].map((point) => isRightAt(q, point))).size).toBe(2);
    expect(leftOut).toContain(`Texts of ${kept.length} of 12 attempts at questions are in this page`);
  });

  it("count in bytes, so that no script makes a page larger than others", async () => {
    const run = answeredRun();
    const wide = {
      ...run,
      evaluated: run.evaluated.map((unit) => ({
        ...unit,
        texts: async function* () {
          for await (const records of unit.texts?.() ?? []) {
            yield records.map((record, i) => ({ ...record, completion: `${"數".repeat(300)}${i} ${unit.point.name}` }));
          }
        },
      })),
    };
    const { strings } = await textsOf(wide, 6000);
    expect(Buffer.byteLength(strings.join(""))).toBeLessThan(7000);
  });

  it("show the beginning and the end of a long one", () => {
    const text = shorten(`begin${"x".repeat(50_000)}end`);
    expect(text.length).toBeLessThan(12_100);
    expect(text.startsWith("begin")).toBe(true);
    expect(text.endsWith("end")).toBe(true);
    expect(text).toContain(`[... ${50_008 - 12_000} characters left out ...]`);
    expect(shorten("short")).toBe("short");
  });

  it("cut no character in two", () => {
    for (const start of ["", "x"]) {
      const text = shorten(`${start}${"\u{1f600}".repeat(20_000)}${start}`);
      expect(text).not.toMatch(/\p{Cs}/u);
      expect(text).toMatch(/^x?\u{1f600}+\n\[\.\.\. 280\d\d characters left out \.\.\.\]\n\u{1f600}+x?$/u);
    }
  });
});

import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { WorkError } from "../../src/base/errors.ts";
import { renderReport } from "../../src/report/render-report.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { POCKET_POINTS, syntheticRun } from "./synthetic-run.ts";

const folder = scratchFolder();

const PICTURES = ["accuracy", "chord", "chord-tokens", "format", "front", "lengths", "outcomes", "tokens"];
const FILES = [
  ...PICTURES.flatMap((name) => [`${name}.csv`, `${name}.png`]),
  "comparisons.csv",
  "index.html",
  "overview.png",
  "report.json",
  "samples.csv",
  "summary.csv",
  "summary.md",
].toSorted();

describe("a report", () => {
  it("is the same bytes for the same run, whatever the order of its results", { timeout: 240_000 }, async () => {
    const run = syntheticRun({ samples: 40 });
    const shuffled = { ...run, evaluated: run.evaluated.toReversed() };
    const first = await renderReport(run, join(folder, "first"));
    const second = await renderReport(shuffled, join(folder, "second"));
    expect(second).toEqual(first);
    expect((await readdir(join(folder, "first"))).toSorted()).toEqual(FILES);
    expect(first.files.toSorted()).toEqual(FILES);
    const digests = (name: string): Promise<string[]> =>
      Promise.all(FILES.map(async (file) => `${file} ${sha256(await readFile(join(folder, name, file)))}`));
    expect(await digests("second")).toEqual(await digests("first"));
  });

  it("has PNG pictures of 1600 x 1000 pixels", async () => {
    const png = await readFile(join(folder, "first", "accuracy.png"));
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1600, 1000]);
    // 192 pixels to the inch are 7559 to the metre.
    expect([png.toString("latin1", 37, 41), png.readUInt32BE(41), png.readUInt8(49)]).toEqual(["pHYs", 7559, 1]);
  });

  it("asks nothing of other machines and names none of ours", async () => {
    const html = await readFile(join(folder, "first", "index.html"), "utf8");
    expect(html).toContain("Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-");
    expect(html).not.toMatch(/<script src|<link (?!rel="icon" href="data:,")|@import|url\(/);
    for (const file of ["index.html", "summary.md", "report.json"]) {
      expect(await readFile(join(folder, "first", file), "utf8")).not.toContain(folder);
    }
  });

  it("has the figures of each picture beside it, and in its caption which report.json they are of", async () => {
    const csv = await readFile(join(folder, "first", "accuracy.csv"), "utf8");
    const [header, first] = csv.split("\n");
    expect(header).toBe("part,name,point,x,y,x_low,x_high,y_low,y_high,band_low,band_high");
    expect(first).toMatch(/^mark,accuracy,w=0,0,[\d.]+,,,[\d.]+,[\d.]+,[\d.]+,[\d.]+$/);
    expect(csv.split("\n").filter((line) => line.startsWith("mark,strict"))).toHaveLength(11);
  });

  it("draws vectors, other sizes and dark pictures where asked, and equal bytes each time", {
    timeout: 240_000,
  }, async () => {
    const run = syntheticRun({ samples: 20 });
    const names = ["front", "overview"] as const;
    const pictures = { formats: ["svg", "pdf", "png"], width: 400, dpi: 96, theme: "dark", only: names } as const;
    const bytes = async (name: string): Promise<Map<string, string>> => {
      const { files } = await renderReport(run, join(folder, name), { pictures });
      const drawn = files.filter((file) => names.some((own) => file.startsWith(own)));
      const contents = drawn.map(async (file) => (await readFile(join(folder, name, file))).toString("latin1"));
      return new Map((await Promise.all(contents)).map((content, i) => [drawn[i] ?? "", content]));
    };
    const [first, second] = [await bytes("vectors-1"), await bytes("vectors-2")];
    expect([...first.keys()].join(" ")).toBe(
      "front.csv front.svg front.pdf front.png overview.svg overview.pdf overview.png",
    );
    expect([...second.values()].map(sha256)).toEqual([...first.values()].map(sha256));
    for (const name of names) {
      const [svg = "", pdf = "", png = ""] = ["svg", "pdf", "png"].map((ending) => first.get(`${name}.${ending}`));
      expect(svg).toContain("<path");
      expect(svg).not.toContain("<image");
      expect(pdf.startsWith("%PDF-")).toBe(true);
      expect(pdf).not.toMatch(/CreationDate|ModDate/);
      expect(Buffer.from(png, "latin1").readUInt32BE(16)).toBe(name === "front" ? 400 : 620);
    }
    // Each picture of the sheet stands in a place of its own.
    const places = first.get("overview.svg")?.match(/translate\((0|310) (0|210)\)/g);
    expect(new Set(places)).toEqual(new Set(["translate(310 0)", "translate(0 210)", "translate(310 210)"]));
  });

  it("writes all of the tables where a picture fails, and names it", { timeout: 240_000 }, async () => {
    const out = join(folder, "blocked");
    // A folder in the place of the file makes writing fail.
    await mkdir(join(out, "front.png", "x"), { recursive: true });
    const { failures, files } = await renderReport(syntheticRun({ samples: 20 }), out);
    expect(failures).toEqual([expect.stringMatching(/^front: /)]);
    expect(files).toEqual(
      expect.arrayContaining(["summary.csv", "samples.csv", "report.json", "accuracy.png", "lengths.png"]),
    );
    expect(await readFile(join(out, "summary.md"), "utf8")).toContain("Not drawn:\n\n- front: ");
    const asked = await renderReport(syntheticRun({ samples: 5 }), out, { pictures: { only: ["grid-tokens"] } });
    expect(asked.failures).toEqual([
      expect.stringMatching(/^grid-tokens: this run has no such picture; it has accuracy, /),
    ]);
  });

  it("shows a table in which accuracy and strict accuracy stand side by side", async () => {
    const { table } = await renderReport(syntheticRun(), join(folder, "table"), { charts: false });
    const [rates = "", rest = ""] = table.trimEnd().split("\n\n");
    expect(rates).toMatch(/^point +accuracy % +strict % +format % +tokens\n/);
    for (const part of [rates, rest]) expect(part.split("\n")).toHaveLength(13);
    expect(await readdir(join(folder, "table"))).not.toContain("accuracy.png");
  });

  it("shows what is finished and names what is missing", async () => {
    const run = syntheticRun({ samples: 20 });
    const partial = { ...run, evaluated: run.evaluated.slice(0, 2) };
    await renderReport(partial, join(folder, "partial"), { charts: false });
    const markdown = await readFile(join(folder, "partial", "summary.md"), "utf8");
    expect(markdown).toContain("Not finished, and left out here: w=0.2, w=0.3");
    expect(markdown).toContain("(10 of 12)");
  });

  it("refuses a run of which nothing is finished", async () => {
    const run = { ...syntheticRun({ samples: 2 }), evaluated: [] };
    await expect(renderReport(run, join(folder, "none"))).rejects.toThrow(WorkError);
  });

  it("of a run of which every point failed says why, with what the programs printed as it was", async () => {
    const died = { point: "w=0", message: "It died. Its last lines:\n  a * b < c", earlier: ["It died of *x*."] };
    const run = { ...syntheticRun({ samples: 2 }), evaluated: [], failed: [died] };
    expect((await renderReport(run, join(folder, "failed"))).table).toBe("");
    expect(await readFile(join(folder, "failed", "summary.md"), "utf8")).toContain(
      "- w=0 failed: It died. Its last lines:\n  ~~~text\n    a * b < c\n  Before: It died of *x*.\n  ~~~\n",
    );
    expect(await readFile(join(folder, "failed", "index.html"), "utf8")).toContain("a * b \\u003c c");
  });

  it("makes no markup of names", async () => {
    const run = syntheticRun({ samples: 5, benchmarks: ["</script><b>&"], references: {} });
    await renderReport(run, join(folder, "names"), { charts: false });
    const html = await readFile(join(folder, "names", "index.html"), "utf8");
    expect(html).toContain("\\u003c/script>\\u003cb>&");
    expect(html).not.toContain("</script><b>");
  });
});

async function said(run: StoredRun): Promise<string> {
  await renderReport(run, join(folder, "said"), { charts: false });
  return readFile(join(folder, "said", "summary.md"), "utf8");
}

describe("what a report says", () => {
  it("begins with the answer, and says what each measure does on a run like the pocket sweep", async () => {
    const text = await said(syntheticRun());
    expect(text).toMatch(/^# pocket\n\n(Choose w=|500 questions cannot tell which point has the fewest tokens)/);
    expect(text).toMatch(/Strict accuracy is level from w=0 to w=0\.\d .* and breaks above w=0\.\d/);
    expect(text).toMatch(/Format .*(breaks|falls)/);
    expect(text).toMatch(/Mean length .*falls/);
    expect(text).toMatch(/Against base, strict accuracy differs at w=0 \(\+\d+\.\d/);
  });

  it("says that nothing was found where nothing is", async () => {
    const behaviour = { accuracy: 0.9, strict: 0.9, format: 0.95, tokens: 60 };
    const text = await said(syntheticRun({ points: POCKET_POINTS.map(({ axes }) => ({ axes, behaviour })) }));
    expect(text).toMatch(/Accuracy: no change with w was found/);
    expect(text).toMatch(/Against w=0, no difference in strict accuracy was found at any of 10 points/);
  });

  it("has every sentence of its pages among its claims, and the decision", async () => {
    const text = await said(syntheticRun({ samples: 60 }));
    const report: { claims: { text: string }[]; decision: { text: string } } = JSON.parse(
      await readFile(join(folder, "said", "report.json"), "utf8"),
    );
    const sentences = text.split("\n").filter((line) => line.startsWith("- "));
    expect(sentences.length).toBeGreaterThan(8);
    for (const sentence of sentences) expect(report.claims.map((claim) => `- ${claim.text}`)).toContain(sentence);
    expect(text).toContain(report.decision.text);
  });
});

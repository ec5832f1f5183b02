import { createCanvas } from "@napi-rs/canvas";
import { Chart } from "chart.js/auto";
import { beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../../src/findings/judge.ts";
import { configurationOf } from "../../../src/report/pictures/chart-configuration.ts";
import { keyRows } from "../../../src/report/pictures/chart-key.ts";
import type { Pen } from "../../../src/report/pictures/chart-marks.ts";
import { figuresCsv } from "../../../src/report/pictures/figures-csv.ts";
import { fittedAxis, type Picture, roundTicks } from "../../../src/report/pictures/picture.ts";
import { type Box, placeLabels, spread } from "../../../src/report/pictures/place-labels.ts";
import { renderPng } from "../../../src/report/pictures/render-chart.ts";
import { chartSpecs, describePicture } from "../../../src/report/pictures/specs/chart-specs.ts";
import { contoursOf } from "../../../src/report/pictures/specs/contours.ts";
import { endNames } from "../../../src/report/pictures/specs/end-names.ts";
import { shortNames } from "../../../src/report/pictures/specs/short-names.ts";
import { styleOf, THEMES } from "../../../src/report/pictures/themes.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { POCKET_POINTS, syntheticRun } from "../synthetic-run.ts";

const MIXTURE = {
  recipe: {
    models: [
      { model: "checkpoints/pocket/len", parameters: { weight: "${w}" } },
      { model: "checkpoints/pocket/accfmt", parameters: { weight: "${1 - w}" } },
    ],
  },
};

function picturesOf(run: StoredRun): Picture[] {
  return [...chartSpecs(run, judge(run), "0123456789ab").pictures];
}

function pocketRun(): StoredRun {
  const run = syntheticRun({ samples: 60 });
  return { ...run, manifest: { ...run.manifest, plan: MIXTURE } };
}

describe("the pictures of a sweep over w", () => {
  it("are measures, the front, the chord, outcomes and lengths", () => {
    expect(picturesOf(pocketRun()).map(({ name }) => name)).toEqual([
      "accuracy",
      "format",
      "tokens",
      "front",
      "chord",
      "chord-tokens",
      "outcomes",
      "lengths",
    ]);
  });

  it("have a band around each rate that holds its whiskers, and say what both are", () => {
    const [accuracy] = picturesOf(pocketRun());
    const marks = accuracy?.series.flatMap((series) => series.marks) ?? [];
    expect(marks).toHaveLength(22);
    for (const { band, yInterval } of marks) {
      expect(band?.low ?? 101).toBeLessThanOrEqual(yInterval?.low ?? -1);
      expect(band?.high ?? -1).toBeGreaterThanOrEqual(yInterval?.high ?? 101);
    }
    expect(accuracy?.caption).toBe(
      "n = 60 questions, k = 1 attempt each. Whiskers: 95% intervals, each for itself; area: 95% band, for all points at once. report.json\u00a00123456789ab",
    );
  });

  it("mark the point that the decision names, in every picture of the points", () => {
    const run = pocketRun();
    const [decision] = judge(run).decisions;
    const name = decision?.point ?? decision?.useful ?? "";
    const pictures = picturesOf(run);
    for (const { marked, places } of pictures.filter(({ kind }) => kind !== "front")) {
      expect(marked?.map(({ label }) => label.split(":")[0])).toEqual([name]);
      expect(marked?.[0]?.x).toBe(places?.find(({ point }) => point === name)?.x);
    }
    const front = pictures.find(({ kind }) => kind === "front");
    const ringed = front?.series.flatMap(({ marks }) => marks.filter((mark) => mark.ringed));
    expect(ringed?.map(({ point }) => point)).toEqual([name]);
  });

  it("stack what became of the answers to 100%, and name what occurs", () => {
    const outcomes = picturesOf(pocketRun()).find(({ kind }) => kind === "outcomes");
    for (const w of ["w=0", "w=1"]) {
      const own = outcomes?.tiles?.filter(({ point }) => point === w) ?? [];
      expect(own.reduce((sum, { value }) => sum + (value ?? 0), 0)).toBeCloseTo(100, 9);
      expect(own.at(-1)?.top).toBeCloseTo(100, 9);
    }
    expect(outcomes?.edges?.map(({ label }) => label.replace(/ [\d.]+%$/, ""))).toEqual(["correct", "wrong"]);
  });

  it("show strict accuracy beside accuracy, the base as a labelled line for each, and both experts as lines", () => {
    const [accuracy] = picturesOf(pocketRun());
    expect(accuracy?.series.map(({ name, marks }) => [name, marks.length])).toEqual([
      ["accuracy", 11],
      ["strict accuracy (boxed)", 11],
    ]);
    expect(accuracy?.lines.map(({ label }) => label.replace(/[\d.]+%/, "N%"))).toEqual([
      "base N%",
      "base, strict N%",
      "len N%",
      "accfmt N%",
    ]);
    const [first, last] = [accuracy?.series[0]?.marks[0], accuracy?.series[0]?.marks.at(-1)];
    expect(accuracy?.lines.slice(2).map(({ y }) => y)).toEqual([last?.y, first?.y]);
  });

  it("have an interval at every mark, whole inside the axes", () => {
    const measured = picturesOf(pocketRun()).filter(({ kind }) => kind !== "lengths" && kind !== "outcomes");
    for (const { x, y, series } of measured) {
      for (const mark of series.filter(({ bare }) => !bare).flatMap(({ marks }) => marks)) {
        expect(mark.yInterval).not.toBeNull();
        expect(mark.yInterval?.low).toBeGreaterThanOrEqual(y.min);
        expect(mark.yInterval?.high).toBeLessThanOrEqual(y.max);
        expect(mark.x).toBeGreaterThan(x.min);
        expect(mark.x).toBeLessThan(x.max);
      }
    }
  });

  it("name the expert at each end", () => {
    const [accuracy] = picturesOf(pocketRun());
    expect(accuracy?.x.ticks[0]).toEqual({ value: 0, label: ["0", "all accfmt"] });
    expect(accuracy?.x.ticks.at(-1)).toEqual({ value: 1, label: ["1", "all len"] });
  });

  it("name experts by what tells them apart", () => {
    const { manifest } = pocketRun();
    const models = [
      { model: "org/base_len_MRL4096_LR2e-6", parameters: { weight: "${w}" } },
      { model: "org/base_accfmt_MRL4096_LR2e-6/", parameters: { weight: "${1-w}" } },
    ];
    expect([...endNames({ ...manifest, plan: { recipe: { models } } })]).toEqual([
      [1, "len"],
      [0, "accfmt"],
    ]);
    const same = models.map((model) => ({ ...model, model: "same_name" }));
    expect(endNames({ ...manifest, plan: { recipe: { models: same } } }).get(0)).toBe("same");
  });

  it("thin out ticks that would touch, but keep both ends", { timeout: 240_000 }, () => {
    const behaviour = { accuracy: 0.5, strict: 0.5, format: 0.5, tokens: 10 };
    const points = Array.from({ length: 101 }, (_, i) => ({ axes: { w: String(i / 100) }, behaviour }));
    const [accuracy] = picturesOf(syntheticRun({ samples: 3, points }));
    const values = accuracy?.x.ticks.map(({ value }) => value) ?? [];
    expect(values.length).toBeLessThanOrEqual(14);
    expect([values[0], values.at(-1)]).toEqual([0, 1]);
  });

  it("write w at each point of the front picture, and fill only what is not beaten", () => {
    const front = picturesOf(pocketRun()).find(({ name }) => name === "front");
    const points = front?.series.find(({ name }) => name === "points, labelled with w")?.marks ?? [];
    expect(points.map(({ label }) => label)).toEqual([
      "0",
      "0.1",
      "0.2",
      "0.3",
      "0.4",
      "0.5",
      "0.6",
      "0.7",
      "0.8",
      "0.9",
      "1",
    ]);
    const line = front?.series.find(({ name }) => name === "Pareto front")?.marks ?? [];
    const filled =
      front?.series.flatMap(({ bare, marks }) => (bare ? [] : marks)).filter(({ hollow }) => !hollow) ?? [];
    // A staircase: a corner between every two points of the front.
    expect(line).toHaveLength(2 * filled.length - 1);
    line.slice(1).forEach(({ x, y }, i) => expect(x === line[i]?.x || y === line[i]?.y).toBe(true));
  });

  it("come once for every benchmark", () => {
    const names = picturesOf(syntheticRun({ samples: 5, benchmarks: ["one", "two"] })).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("accuracy"))).toEqual(["accuracy-one", "accuracy-two"]);
  });

  it("have a description for those who do not see them", () => {
    const [accuracy] = picturesOf(pocketRun());
    expect(accuracy && describePicture(accuracy)).toMatch(
      /^Accuracy against w: accuracy between [\d.]+ and [\d.]+; strict/,
    );
  });
});

describe("the pictures of other runs", () => {
  it("have a series a value of the second axis of a grid", () => {
    const points = ["0.5", "1"].flatMap((density) =>
      POCKET_POINTS.slice(0, 3).map(({ axes, behaviour }) => ({ axes: { ...axes, density }, behaviour })),
    );
    const pictures = picturesOf(syntheticRun({ samples: 10, axes: ["w", "density"], points }));
    expect(pictures[0]?.series.map(({ name }) => name)).toEqual(["density=0.5", "density=1"]);
    expect(pictures.map(({ name }) => name)).toContain("accuracy-strict");
    const heat = pictures.find(({ name }) => name === "grid-tokens");
    expect(heat?.tiles).toHaveLength(6);
    expect(heat?.y.ticks.map(({ label }) => label[0])).toEqual(["0.5", "1"]);
  });

  it("are drawn for one point, for no axis, and for references alone", async () => {
    const one = POCKET_POINTS.slice(0, 1);
    const kinds = (run: StoredRun): string[] => picturesOf(run).map(({ kind }) => kind);
    expect(kinds(syntheticRun({ samples: 1, points: one, references: {} }))).toEqual(["bars", "bars-tokens"]);
    const pictures = picturesOf(syntheticRun({ samples: 3, axes: [], points: one }));
    for (const picture of pictures) expect((await renderPng([picture])).length).toBeGreaterThan(0);
    const [bars] = pictures;
    const rows = bars === undefined ? [] : figuresCsv(bars).trimEnd().split("\n").slice(1);
    expect(rows).toHaveLength(bars?.tiles?.length ?? -1);
    // A bar lies: its value and interval are along x.
    for (const row of rows) expect(row).toMatch(/^cell,[^,"]+,[^,"]*,[\d.]+,("[^"]+"|[^,]+),[\d.]+,[\d.]+,,,,$/);
    const behaviour = { accuracy: 0.5, strict: 0.5, format: 0.5, tokens: 10 };
    const alone = syntheticRun({ samples: 3, points: [], references: { base: behaviour } });
    expect(kinds(alone)).toEqual(["bars", "bars-tokens"]);
  });

  it("compare benchmarks in a map of heat, each with its own mean, and show each measure side by side", () => {
    const run = syntheticRun({ samples: 20, benchmarks: ["one", "two"] });
    const { pictures, sheets } = chartSpecs(run, judge(run), "");
    const heat = pictures.find(({ kind }) => kind === "benchmarks");
    expect(heat?.tiles).toHaveLength(24);
    const shades = heat?.tiles?.map(({ fill }) => ("heat" in fill ? fill.heat : Number.NaN)) ?? [];
    expect(Math.min(...shades)).toBeCloseTo(0, 9);
    expect(sheets.map(({ name }) => name)).toContain("all-accuracy");
  });

  it("of many settings are maps of heat, a row a setting, not a hundred lines", () => {
    const points = ["a", "b", "c"].flatMap((method) =>
      ["0.1", "0.5", "1"].flatMap((density) =>
        POCKET_POINTS.slice(0, 3).map(({ axes, behaviour }) => ({ axes: { ...axes, density, method }, behaviour })),
      ),
    );
    const pictures = picturesOf(syntheticRun({ samples: 5, axes: ["w", "density", "method"], points }));
    expect(pictures.map(({ kind }) => kind)).toEqual([
      "front",
      "grid-accuracy",
      "grid-accuracy-strict",
      "grid-format",
      "grid-tokens",
    ]);
    expect(pictures[1]?.y.ticks).toHaveLength(9);
  });

  it("do not claim experts for a recipe that is no mixture by w", () => {
    const { manifest } = syntheticRun({ samples: 1 });
    expect(endNames(manifest).size).toBe(0);
    expect(endNames({ ...manifest, plan: { recipe: { models: [{ model: "a" }, { model: "b" }] } } }).size).toBe(0);
  });
});

describe("axes", () => {
  it("have round ticks without the noise of binary fractions", () => {
    expect(roundTicks(0, 1, 10)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(roundTicks(81, 97)).toEqual([85, 90, 95]);
    expect(roundTicks(5, 5)).toEqual([5]);
  });

  it("do not blow noise up, and put no tick past 100%", () => {
    const axis = fittedAxis("%", [99.5, 100], { limits: { low: 0, high: 100 }, leastSpan: 20 });
    expect(axis.max - axis.min).toBeGreaterThan(9);
    expect(axis.ticks.at(-1)?.value).toBe(100);
    expect(axis.max).toBeGreaterThan(100);
  });
});

describe("labels", () => {
  const inside: Box = { left: 0, top: 0, right: 400, bottom: 300 };

  it("do not touch one another, nor markers, even where points crowd", () => {
    const requests = Array.from({ length: 6 }, (_, i) => ({
      text: `0.${i}`,
      x: 200 + i,
      y: 150 + i,
      width: 24,
      height: 15,
    }));
    const markers = requests.map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
    const placed = placeLabels(requests, markers, [], inside);
    const boxes = [...markers.slice(0, 0), ...placed.map(({ box }) => box)];
    for (const [i, a] of boxes.entries()) {
      for (const b of [...boxes.slice(i + 1), ...markers]) {
        expect(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top).toBe(true);
      }
    }
  });

  it("stay inside the plot at a corner", () => {
    const [label] = placeLabels([{ text: "1", x: 399, y: 1, width: 20, height: 15 }], [], [], inside);
    expect(label?.box.right).toBeLessThanOrEqual(400);
    expect(label?.box.top).toBeGreaterThanOrEqual(0);
  });

  it("of reference lines stand apart in their order", () => {
    const [a = 0, b = 0, c = 0] = spread([100, 101, 102], 17, 0, 300);
    expect(b - a).toBeGreaterThanOrEqual(17);
    expect(c - b).toBeGreaterThanOrEqual(17);
    expect(Math.max(...spread([298, 299], 17, 0, 300))).toBeLessThanOrEqual(291.5);
  });
});

/** A picture of the pocket run as a page draws it. */
function chartIn(pictures: readonly Picture[], name: string, width: number): Chart {
  const picture = pictures.find((one) => one.name === name);
  if (picture === undefined) throw new Error(`Expected a picture ${name}`);
  const canvas: unknown = createCanvas(width, 400);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type is one of the DOM, which is not loaded here
  const item = canvas as ConstructorParameters<typeof Chart>[0];
  return new Chart(item, configurationOf(picture, { theme: THEMES.light, ratio: 1, live: true }));
}

describe("a picture in a page", () => {
  let pictures: readonly Picture[] = [];
  beforeAll(() => {
    pictures = picturesOf(pocketRun());
  });

  it.each(["accuracy", "format", "tokens", "outcomes", "lengths", "chord"])(
    "of a telephone leaves most of its width to the plot, and names both ends (%s)",
    (name) => {
      const { chartArea, scales } = chartIn(pictures, name, 328);
      expect(chartArea.width).toBeGreaterThan(0.6 * 328);
      const labels = scales.x?.ticks.map(({ label }) => String(label)) ?? [];
      expect([labels[0], labels.at(-1)]).toEqual(["0,all accfmt", "1,all len"]);
      expect(labels.length).toBeLessThan(11);
    },
  );

  it("has its labels beside the plot where there is room", () => {
    const { chartArea, scales } = chartIn(pictures, "accuracy", 760);
    expect(chartArea.right).toBeLessThan(760 - 80);
    expect(scales.x?.ticks).toHaveLength(11);
  });

  it("names lines below a plot in rows that fit", () => {
    const [accuracy] = pictures;
    if (accuracy === undefined) throw new Error("Expected a picture");
    const pen: Pen = createCanvas(1, 1).getContext("2d");
    const rows = keyRows(pen, accuracy, { theme: THEMES.light, font: "11px sans-serif" }, 300);
    expect(rows.flat().map(({ label }) => label)).toEqual(accuracy.lines.map(({ label }) => label));
    expect(rows.length).toBeGreaterThan(1);
    for (const { left } of rows.flat()) expect(left).toBeLessThan(300);
  });
});

describe("names in a margin", () => {
  it("stay different when they are cut", () => {
    const names = ["a-rather-long-reference-of-one-v1", "a-rather-long-reference-of-one-v2", "base"];
    const short = [...shortNames(names).values()];
    expect(new Set(short).size).toBe(3);
    expect(Math.max(...short.map((name) => name.length))).toBeLessThanOrEqual(16);
    expect(short[2]).toBe("base");
    const alike = [
      ...shortNames([`${"x".repeat(30)}1${"y".repeat(30)}`, `${"x".repeat(30)}2${"y".repeat(30)}`]).values(),
    ];
    expect(new Set(alike).size).toBe(2);
  });
});

describe("lines of equal height", () => {
  it("lie where the interpolated value is", () => {
    const [contour] = contoursOf([
      [0, 1],
      [0, 1],
    ]);
    expect(contour?.level).toBe(0.2);
    expect(contour?.lines).toHaveLength(1);
    const [[x1, , x2] = []] = contour?.lines ?? [];
    expect([x1, x2]).toEqual([expect.closeTo(0.2), expect.closeTo(0.2)]);
  });

  it("leave out squares with a corner that is not known", () => {
    expect(
      contoursOf([
        [0, Number.NaN],
        [0, 1],
      ]).flatMap(({ lines }) => lines),
    ).toEqual([]);
  });
});

/** Relative luminance of WCAG, of `#rrggbb`. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = linear(color);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function linear(color: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const BLINDNESS = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

function seenAs(color: string, matrix: readonly (readonly number[])[]): number[] {
  const rgb = linear(color);
  return matrix.map((row) =>
    Math.cbrt(
      Math.max(
        0,
        row.reduce((sum, weight, i) => sum + weight * (rgb[i] ?? 0), 0),
      ),
    ),
  );
}

describe.each(Object.values(THEMES))("the colours of the $name theme", (theme) => {
  it("are readable as text: a contrast of at least 4.5 to 1", () => {
    const ground = luminance(theme.ground);
    const texts = [theme.title, theme.ink, theme.faint, theme.neutral.text, ...theme.styles.map(({ text }) => text)];
    for (const text of texts) {
      const [low, high] = [ground, luminance(text)].toSorted((a, b) => a - b);
      expect(((high ?? 0) + 0.05) / ((low ?? 0) + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(Object.entries(BLINDNESS))("are told apart with %s", (_, matrix) => {
    const seen = theme.styles.map(({ color }) => seenAs(color, matrix));
    for (const [i, a] of seen.entries()) {
      for (const b of seen.slice(i + 1)) {
        expect(Math.hypot(...a.map((value, c) => value - (b[c] ?? 0)))).toBeGreaterThan(0.08);
      }
    }
  });

  it("of outcomes that lie on one another differ in lightness", () => {
    const [correct = 0, wrong = 0, cut = 0] = [0, 5, 1].map((style) => luminance(styleOf(style, theme).color));
    expect(Math.abs(correct - wrong)).toBeGreaterThan(0.1);
    expect(Math.abs(wrong - cut)).toBeGreaterThan(0.1);
  });
});

describe("series", () => {
  it("differ in marker as well as in colour", () => {
    const styles = Array.from({ length: 14 }, (_, i) => styleOf(i));
    expect(new Set(styles.map(({ color, marker }) => `${color} ${marker}`)).size).toBe(14);
    expect(new Set(styles.slice(0, 6).map(({ marker }) => marker)).size).toBe(6);
    expect(new Set(styles.slice(0, 7).map(({ color }) => color)).size).toBe(7);
  });
});

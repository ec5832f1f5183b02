import { describe, expect, it } from "vitest";
import { summarize } from "../../../src/findings/summarize.ts";
import { chartSpecs, describePicture } from "../../../src/report/pictures/chart-specs.ts";
import { styleOf } from "../../../src/report/pictures/chart-styles.ts";
import { endNames } from "../../../src/report/pictures/end-names.ts";
import { fittedAxis, type Picture, roundTicks } from "../../../src/report/pictures/picture.ts";
import { type Box, placeLabels, spread } from "../../../src/report/pictures/place-labels.ts";
import { renderChart } from "../../../src/report/pictures/render-chart.ts";
import type { StoredRun } from "../../../src/runs/schema.ts";
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
  return chartSpecs(run.manifest, summarize(run)).flatMap(({ pictures }) => [...pictures]);
}

function pocketRun(): StoredRun {
  const run = syntheticRun({ samples: 60 });
  return { ...run, manifest: { ...run.manifest, plan: MIXTURE } };
}

describe("the pictures of a sweep over w", () => {
  it("are accuracy, format, tokens and the front", () => {
    expect(picturesOf(pocketRun()).map(({ name }) => name)).toEqual(["accuracy", "format", "tokens", "front"]);
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
    for (const { x, y, series } of picturesOf(pocketRun())) {
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

  it("thin out ticks that would touch, but keep both ends", () => {
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
  });

  it("are drawn for one point, for no axis, and for references alone", () => {
    const one = POCKET_POINTS.slice(0, 1);
    expect(picturesOf(syntheticRun({ samples: 1, points: one, references: {} }))).toHaveLength(3);
    const pictures = picturesOf(syntheticRun({ samples: 3, axes: [], points: one }));
    expect(pictures.map((picture) => renderChart(picture).length)).not.toContain(0);
    const behaviour = { accuracy: 0.5, strict: 0.5, format: 0.5, tokens: 10 };
    expect(picturesOf(syntheticRun({ samples: 3, points: [], references: { base: behaviour } }))).toEqual([]);
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

describe("series", () => {
  it("differ in marker as well as in colour", () => {
    const styles = Array.from({ length: 14 }, (_, i) => styleOf(i));
    expect(new Set(styles.map(({ color, marker }) => `${color} ${marker}`)).size).toBe(14);
    expect(new Set(styles.slice(0, 6).map(({ marker }) => marker)).size).toBe(6);
    expect(new Set(styles.slice(0, 7).map(({ color }) => color)).size).toBe(7);
  });
});

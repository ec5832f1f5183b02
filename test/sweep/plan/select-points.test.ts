import { describe, expect, it } from "vitest";
import { selectPoints } from "../../../src/sweep/plan/select-points.ts";

const points = ["0.3", "0.5"].flatMap((w) => ["0.4", "1"].map((d) => ({ name: `w=${w},d=${d}`, axes: { w, d } })));
const names = (...only: string[]): string[] => selectPoints(points, only).map(({ name }) => name);

describe("--only", () => {
  it("takes a point by its name, or by any part of it in any order", () => {
    expect(names("w=0.5,d=0.4")).toEqual(["w=0.5,d=0.4"]);
    expect(names("d=0.4,w=0.5")).toEqual(["w=0.5,d=0.4"]);
    expect(names("d=1")).toEqual(["w=0.3,d=1", "w=0.5,d=1"]);
    expect(names("w=.5, d=0.40")).toEqual(["w=0.5,d=0.4"]);
  });

  it("takes the points of all its entries, in the sweep's order", () => {
    expect(names("w=0.5,d=1", "w=0.3")).toEqual(["w=0.3,d=0.4", "w=0.3,d=1", "w=0.5,d=1"]);
  });

  it.each([
    ["w=0.4", /--only w=0\.4 selects no point/],
    ["x=1", /selects no point/],
    ["w", /selects no point/],
  ])("refuses %s, which is none", (entry, message) => {
    expect(() => names("w=0.3", entry)).toThrow(message);
  });

  it("says how to ask for two values of one axis", () => {
    expect(() => names("w=0.3,w=0.5")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("--only w=0.3 --only w=0.5") }),
    );
  });
});

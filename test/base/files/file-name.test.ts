import { describe, expect, it } from "vitest";
import { fileName } from "../../../src/base/files/file-name.ts";

describe("the name of a file", () => {
  it("keeps letters of any language, digits and what stands in names of points", () => {
    for (const name of ["w=0.1", "\u6570\u5b66-v2", "\u03bb=0.5,\u00fc".replace(",", "_")])
      expect(fileName(name)).toBe(name);
  });

  it("keeps apart what it has to change", () => {
    const made = ["a/b", "a_b", "a b", "a:b"].map(fileName);
    expect(new Set(made).size).toBe(4);
    for (const name of made) expect(name).toMatch(/^a_b(-[0-9a-f]{6})?$/);
  });
});

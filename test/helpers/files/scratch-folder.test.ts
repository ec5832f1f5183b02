import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "./scratch-folder.ts";

describe("a scratch folder", () => {
  let ofFile: string;
  let ofTest: string;
  beforeAll(() => {
    ofFile = scratchFolder();
  });

  it("is new and empty whenever it is asked for", () => {
    ofTest = scratchFolder();
    writeFileSync(join(ofTest, "full"), "");
    expect(ofTest).not.toBe(ofFile);
    expect(existsSync(join(scratchFolder(), "full"))).toBe(false);
  });

  it("goes with the test it was made in, or with the file", () => {
    expect([ofTest, ofFile].map(existsSync)).toEqual([false, true]);
  });
});

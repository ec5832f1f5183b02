import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";

async function casesFile(lines: readonly string[]): Promise<string> {
  const path = join(scratchFolder(), "cases.jsonl");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

describe("mergesweep grade", () => {
  it("grades one pair and gives its reasons", async () => {
    const { code, stdout } = await cli(["grade", "--gold", "\\frac12", "--answer", "0.5"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^correct\n.*0\.5.*\n.*exact-rational/);
    expect((await cli(["grade", "--gold", "2", "--answer", "3"])).stdout).toMatch(/^wrong/);
  });

  it("prints a verdict a line for a file of cases", async () => {
    const path = await casesFile([
      JSON.stringify({ id: "a", gold: "1/2", pred: "The answer is \\boxed{0.5}.", mode: "response" }),
      JSON.stringify({ id: "b", gold: "(1,2)", pred: "(2,1)" }),
      JSON.stringify({ id: "c", gold: "B", pred: "B", opts: { choices: ["A", "B"] } }),
    ]);
    const { code, stdout, stderr } = await cli(["grade", path, "--json"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(code).toBe(0);
    expect(rows.map(({ id, correct }) => [id, correct])).toEqual([
      ["a", true],
      ["b", false],
      ["c", true],
    ]);
    expect(rows[0]).toMatchObject({ status: "correct", path: "boxed", rule: expect.any(String) });
    expect(stderr).toContain("2 of 3 correct");
  });

  it.each([
    [['{"id":"a","gold":"1"}'], /case 1: "pred"/],
    [['{"id":"a","gold":"1","pred":"1"}', "{"], /cases\.jsonl:2/],
  ])("refuses %j with its place", async (lines, message) => {
    const { code, stderr } = await cli(["grade", await casesFile(lines)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("wants either a file or a pair", async () => {
    expect((await cli(["grade"])).code).toBe(2);
    expect((await cli(["grade", "--gold", "1"])).code).toBe(2);
    expect((await cli(["grade", "nowhere.jsonl"])).stderr).toContain("nowhere.jsonl");
  });
});

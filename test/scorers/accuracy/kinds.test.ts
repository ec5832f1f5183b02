import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseJsonLines } from "../../../src/base/jsonl.ts";
import { gradeCase } from "../../../src/cli/grade-case.ts";
import { gradeCaseSchema } from "../../../src/cli/grade-cases.ts";
import { projectRoot } from "../../helpers/shared.ts";

const path = join(projectRoot, "test/fixtures/grading/kinds.jsonl");
const rows = parseJsonLines(readFileSync(path, "utf8"), path).map((row) =>
  gradeCaseSchema.extend({ kind: z.string(), expected: z.boolean() }).parse(row),
);

test.each([...new Set(rows.map((row) => row.kind))])("grades %s", (kind) => {
  const wrong = rows
    .filter((row) => row.kind === kind)
    .flatMap((row) => {
      const { correct, answer, rule } = gradeCase(row);
      return correct === row.expected ? [] : [{ gold: row.gold, pred: row.pred, answer, rule, expected: row.expected }];
    });
  expect(wrong).toEqual([]);
});

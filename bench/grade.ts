import { gradeCase } from "../src/cli/grade-case.ts";
import { type GradingCase, readGradingCases } from "../test/helpers/grading-corpus.ts";
import { sharedPath } from "../test/helpers/shared.ts";
import { type Bench, print } from "./bench.ts";

const HELP = `npm run bench grade

Answers graded per second, the median and the slowest case, beside Math-Verify's times. Needs the grading corpus.
`;

/** Math-Verify 0.8.0 on the same corpus, one Python process: median and slowest, in milliseconds. */
const MATH_VERIFY = { median: 5.9, slowest: 5700 };

/** Grades the corpus and prints the times. */
function benchGrade(): Promise<void> {
  const path = sharedPath("golden/grading/given.jsonl");
  if (path === undefined) {
    print("grade: the grading corpus is not here; skipped");
    return Promise.resolve();
  }
  const rows = readGradingCases(path);
  for (const row of rows) gradeCase(row);
  const times: { row: GradingCase; ms: number }[] = rows.map((row) => {
    const start = performance.now();
    gradeCase(row);
    return { row, ms: performance.now() - start };
  });
  times.sort((a, b) => a.ms - b.ms);
  const total = times.reduce((sum, { ms }) => sum + ms, 0);
  const slowest = times.at(-1);
  print(`grade: ${Math.round((times.length / total) * 1000)} answers/s over ${times.length} cases`);
  print(`  median  ${(times[times.length >> 1]?.ms ?? 0).toFixed(3)} ms   (Math-Verify ${MATH_VERIFY.median} ms)`);
  print(
    `  slowest ${(slowest?.ms ?? 0).toFixed(1)} ms   (Math-Verify ${MATH_VERIFY.slowest} ms): ${slowest?.row.id} ${JSON.stringify(slowest?.row.gold.slice(0, 60))}`,
  );
  return Promise.resolve();
}

export const grade: Bench = { help: HELP, run: benchGrade };

import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { showProgress } from "../../src/cli/progress.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import type { RunProgress } from "../../src/runs/leases/progress.ts";

const PROGRESS: RunProgress = {
  workers: 2,
  seconds: 10,
  points_done: 3,
  points_total: 12,
  samples_done: 1520,
  samples_total: 6000,
  tokens_per_second: 2210.4,
  seconds_left: 125,
  working: [],
};
const LINE = "[#####...............] 3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left";

type Show = ReturnType<typeof showProgress>;

/** What is written while a sweep is shown. */
function written(
  isTTY: boolean,
  during: (show: Show, wait: (milliseconds: number) => void) => void,
  columns = 120,
): string {
  let text = "";
  let clock = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const stderr = Object.assign(stream, { isTTY, columns });
  const { CI } = process.env;
  delete process.env.CI;
  const terminal = createTerminal(stream, stderr);
  process.env.CI = CI;
  if (CI === undefined) delete process.env.CI;
  const show = showProgress(
    terminal,
    (unit) => unit,
    () => clock,
  );
  during(show, (milliseconds) => {
    clock += milliseconds;
  });
  return text;
}

/** Beats for some minutes, one every two seconds, and what was written. */
function beat(minutes: number, isTTY: boolean): string {
  return written(isTTY, (show, wait) => {
    for (let turn = 0; turn <= minutes * 30; turn++) {
      show({ kind: "beat" }, () => PROGRESS);
      wait(2000);
    }
  });
}

it("in a log there is a line a minute, also while nothing is finished", () => {
  expect(beat(3, false)).toBe(`${LINE}\n${LINE}\n${LINE}\n`);
});

it("on a terminal one line is redrawn", () => {
  const text = beat(1, true);
  expect(text).not.toContain("\n");
  expect(text.split("\r").length).toBe(32);
  expect(text).toContain(LINE);
});

it.each(["process", "server"] as const)("a %s that died is said to be replaced by another", (engine) => {
  const text = written(false, (show) =>
    show({ kind: "unit-crashed", point: "w=0", message: "It died.", engine }, () => PROGRESS),
  );
  expect(text).toBe(`w=0: It died.\nw=0: goes on with a fresh ${engine}\n`);
});

it.each([
  [120, LINE],
  [84, "[#####..............] 3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left"],
  [80, "[####...........] 3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left"],
  [0, "[####...........] 3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left"],
  [66, "3/12 points, 1520/6000 samples, 2210 tokens/s, 2 min 5 s left"],
  [60, "1520/6000 samples, 2210 tokens/s, 2 min 5 s left"],
  [40, "2210 tokens/s, 2 min 5 s left"],
  [16, "2 min 5 s left"],
  [8, "2 min 5"],
])("on %i columns the time left is the last to be cut off", (columns, line) => {
  const text = written(true, (show) => show({ kind: "beat" }, () => PROGRESS), columns);
  expect(text.replace("\r\u001B[K", "")).toBe(line);
});

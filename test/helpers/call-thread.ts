import { setTimeout as sleep } from "node:timers/promises";
import { DiskFullError, StoreError } from "../../src/base/errors.ts";
import { answerCalls } from "../../src/base/threads/call-threads.ts";

/** A thread for a test. Later inputs are answered sooner. */
answerCalls(async (input: number) => {
  if (input === 8) throw new DiskFullError("eight");
  if (input === 7) throw new StoreError("seven", { hint: "Take another." });
  // oxlint-disable-next-line unicorn/no-process-exit -- what the test is about
  if (input === 13) process.exit(1);
  await sleep(20 / (1 + input));
  return input * 2;
});

import { describe, expect, test } from "vitest";
import { readRetryAfter } from "../../../src/models/server/retry-after.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);

describe("Retry-After", () => {
  test.each([
    ["seconds", "60", 60_000],
    ["none", "0", 0],
    ["a date", "Wed, 25 Nov 2026 12:01:30 GMT", 90_000],
    ["a date that has passed", "Wed, 25 Nov 2026 11:00:00 GMT", 0],
    ["longer than anybody should wait", "86400", 600_000],
    ["a date of another year", "Wed, 25 Nov 2099 12:00:00 GMT", 600_000],
  ])("of %s is so many milliseconds", (_what, header, milliseconds) => {
    expect(readRetryAfter(header, NOW)).toBe(milliseconds);
  });

  test.each([null, "", " ", "soon", "-1", "1.5e3"])("of %j says nothing", (header) => {
    expect(readRetryAfter(header, NOW)).toBeUndefined();
  });
});

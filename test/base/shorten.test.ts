import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";

test("an error quotes up to what a person reads", () => {
  const { message } = new InputError(`x: expected a number, found ${"9".repeat(100_000)}\nsecond line`);
  expect(message.length).toBeLessThan(700);
  expect(message).toMatch(/^x: expected a number, found 9+\[\.\.\. \d+ more characters \.\.\.\]9+\nsecond line$/);
});

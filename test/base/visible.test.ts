import { describe, expect, it } from "vitest";
import { visible } from "../../src/base/visible.ts";

describe("text by others", () => {
  it("is shown without acting on a terminal or turning text around", () => {
    expect(visible("a\u001b[2Jb\u0007\r\u009b1m\u202Ec\u2066d\u200e\ud800e")).toBe(
      "a\\u001b[2Jb\\u0007\\u000d\\u009b1m\\u202ec\\u2066d\\u200e\\ud800e",
    );
    expect(visible("4\u{e0032}\u3164")).toBe("4\\udb40\\udc32\\u3164");
    expect(visible("zwei\nZeilen\tund √2, 数, 👍")).toBe("zwei\nZeilen\tund √2, 数, 👍");
  });

  it("stays JSON where it was JSON", () => {
    const text = JSON.stringify({ a: "\u202e\u001b\u009b" });
    expect(JSON.parse(visible(text))).toEqual({ a: "\u202e\u001b\u009b" });
  });
});

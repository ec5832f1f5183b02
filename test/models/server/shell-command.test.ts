import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { fillCommand } from "../../../src/models/server/shell-command.ts";

/** What a shell makes of it: the arguments of the command. */
function argumentsOf(template: string, model: string): string[] {
  const { command, environment } = fillCommand(template, { model, port: "8080" });
  const script = `show() { for argument; do printf '%s\\0' "$argument"; done; }; ${command}`;
  const out = execFileSync("/bin/sh", ["-c", script], { env: { ...process.env, ...environment }, encoding: "utf8" });
  return out.split("\0").slice(0, -1);
}

const HOSTILE = [
  "/tmp/a b",
  "/tmp/$(touch x)",
  "/tmp/`id`",
  "/tmp/it's",
  '/tmp/"q"',
  "/tmp/a;b&c|d",
  "/tmp/$HOME",
  "/tmp/a\nb",
  "/tmp/\\",
];

describe("a serve command", () => {
  it.each(HOSTILE)("hands %j over as one word, whatever quotes are around the placeholder", (model) => {
    expect(argumentsOf("show {model} --port {port}", model)).toEqual([model, "--port", "8080"]);
    expect(argumentsOf('show "{model}"', model)).toEqual([model]);
    expect(argumentsOf("show '{model}'", model)).toEqual([model]);
    expect(argumentsOf('show "--model={model}" x', model)).toEqual([`--model=${model}`, "x"]);
    expect(argumentsOf("show --model={model}", model)).toEqual([`--model=${model}`]);
  });

  it("leaves what is plain, and what is no placeholder, as it was written", () => {
    expect(fillCommand("vllm serve {model} --port {port}", { model: "/a/b", port: "1" })).toEqual({
      command: "vllm serve /a/b --port 1",
      environment: {},
    });
    expect(fillCommand("x {other} ${model}", { model: "m" }).command).toBe("x {other} ${model}");
  });

  it.each([
    ["sh -c 'serve {model}'", "/tmp/a b"],
    ['bash -lc "serve {model}"', "/tmp/$(id)"],
    ['eval "serve {model}"', "/tmp/a b"],
    ["ssh host serve {model}", "/tmp/a b"],
    ['serve "$(realpath "{model}")"', "/tmp/a b"],
    ["serve `realpath {model}`", "/tmp/a b"],
    ["cat <<X\n{model}\nX", "/tmp/a b"],
    ["serve {model}", "-rf x"],
  ])("refuses %j for %j, which would be read again", (template, model) => {
    expect(() => fillCommand(template, { model })).toThrow(/serve: \{model\} cannot be/);
    // A plain path is safe everywhere.
    expect(fillCommand(template, { model: "/tmp/a" }).command).toContain("/tmp/a");
  });
});

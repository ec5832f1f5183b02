import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import * as library from "../../src/index.ts";
import { projectRoot } from "../helpers/shared.ts";

const index = readFileSync(join(projectRoot, "src/index.ts"), "utf8");
const exports = Array.from(
  index.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g),
  ([, names = "", from = ""]) =>
    names
      .split(",")
      .map((name) => name.replace(/^\s*(type )?/, "").trim())
      .filter((name) => name !== "")
      .map((name) => ({ name, file: join(projectRoot, "src", from) })),
).flat();

describe("the library", () => {
  it("exports what the page on it speaks of", () => {
    const page = readFileSync(join(projectRoot, "docs/library.md"), "utf8");
    const imported = Array.from(page.matchAll(/import \{([^}]*)\} from "mergesweep"/g), ([, names = ""]) =>
      names.split(","),
    );
    for (const name of imported
      .flat()
      .map((part) => part.trim())
      .filter((part) => part !== "")) {
      expect(exports.map((one) => one.name)).toContain(name.replace(/^type /, ""));
    }
  });

  it("has a comment on everything that it exports", () => {
    expect(exports.length).toBeGreaterThan(60);
    const bare = exports.filter(({ name, file }) => {
      const text = readFileSync(file, "utf8");
      const declared = new RegExp(String.raw`\*/\nexport (?:async )?(?:function|const|class|interface|type) ${name}\b`);
      return !declared.test(text);
    });
    expect(bare.map(({ name, file }) => `${name} in ${dirname(file)}`)).toEqual([]);
  });

  it("gives every kind of error a code of its own", () => {
    const { ConfigError, DiskFullError, EngineDied, InputError, StoreError, UsageError, WorkError } = library;
    const classes = [UsageError, ConfigError, InputError, StoreError, WorkError, DiskFullError, EngineDied];
    const codes = classes.map((Kind) => new Kind("found nothing").code);
    expect(codes).toEqual(["usage", "config", "input", "store", "work", "disk_full", "engine_died"]);
    for (const Kind of classes)
      expect(new Kind("found nothing", { hint: "look" })).toMatchObject({ hint: "look", name: Kind.name });
  });
});

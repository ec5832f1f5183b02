import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "./helpers/shared.ts";

/** A folder may import from its own and from lower floors. Folders of one floor do not import one another. */
const FLOORS: Record<string, number> = {
  base: 0,
  tensors: 1,
  safetensors: 1.1,
  gguf: 1.1,
  hub: 1.15,
  checkpoints: 1.2,
  merge: 2,
  models: 2,
  benchmarks: 2,
  scorers: 2,
  stats: 2,
  runs: 2,
  findings: 3,
  eval: 4,
  imports: 4,
  sweep: 5,
  search: 6,
  report: 7,
  cluster: 7,
  page: 8,
  cli: 8,
};

/** Packages that only one place may import, so that they can be replaced there. */
const CONFINED: Record<string, RegExp> = {
  "node-llama-cpp": /^models\//,
  "@huggingface/hub": /^hub\/|^benchmarks\/fetch-dataset\.ts$/,
  yargs: /^cli\//,
  "chart.js": /^report\/pictures\/(render-chart|chart-configuration)\.ts$|^page\//,
  "chartjs-node-canvas": /^report\/pictures\/render-chart\.ts$/,
  "@napi-rs/canvas": /^report\/pictures\/render-chart\.ts$/,
};

/** `report` works on a store copied from another machine, with no model present. */
const REPORT_MAY_IMPORT = new Set(["base", "runs", "findings", "stats", "report"]);

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** When a line is reached, not before the file is. */
  readonly lazy: boolean;
}

const src = join(projectRoot, "src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.replaceAll("\\", "/"));
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const text = readFileSync(join(src, from), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\(\s*"([^"]+)"/g);
  return [
    ...Array.from(statements, (match) => ({ from, to: match[2] ?? "", typeOnly: match[1] !== undefined, lazy: false })),
    ...Array.from(dynamic, (match) => ({ from, to: match[1] ?? "", typeOnly: false, lazy: true })),
  ];
}

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : "index";
}

const internal = imports
  .filter(({ to }) => to.startsWith("."))
  .map((edge) => ({ ...edge, to: relative(src, join(src, edge.from, "..", edge.to)).replaceAll("\\", "/") }));

/** Packages that are loaded before the first line of a file runs. */
function packagesBefore(file: string): string[] {
  const packages = new Set<string>();
  const reached = new Set([file]);
  for (const one of reached) {
    for (const { from, to, typeOnly, lazy } of imports) {
      if (from !== one || typeOnly || lazy) continue;
      if (to.startsWith(".")) reached.add(relative(src, join(src, from, "..", to)).replaceAll("\\", "/"));
      else if (!to.startsWith("node:")) packages.add(to);
    }
  }
  return [...packages];
}

describe("architecture", () => {
  it("reads imports at all", () => {
    expect(internal.length).toBeGreaterThan(50);
    expect([...Object.keys(FLOORS), "index"]).toEqual(expect.arrayContaining(files.map(folderOf)));
  });

  it("imports go to the same folder or to a lower floor", () => {
    const wrong = internal.filter(({ from, to, typeOnly }) => {
      const [a, b] = [folderOf(from), folderOf(to)];
      if (a === "index" || a === b) return false;
      const [floorA = -1, floorB = -1] = [FLOORS[a], FLOORS[b]];
      return floorB > floorA || (floorB === floorA && !typeOnly);
    });
    expect(wrong).toEqual([]);
  });

  it("reports need neither models nor checkpoints", () => {
    const wrong = internal.filter(
      ({ from, to }) => folderOf(from) === "report" && !REPORT_MAY_IMPORT.has(folderOf(to)),
    );
    expect(wrong).toEqual([]);
  });

  it("a package that may be replaced is imported in one place", () => {
    const wrong = imports.filter(({ from, to }) => {
      const place = CONFINED[to.split("/", to.startsWith("@") ? 2 : 1).join("/")];
      return place !== undefined && !place.test(from);
    });
    expect(wrong).toEqual([]);
  });

  it("node-llama-cpp is loaded lazily, in one file", () => {
    const loaders = imports.filter(({ to, typeOnly }) => to === "node-llama-cpp" && !typeOnly);
    expect(new Set(loaders.map(({ from }) => from)).size).toBe(1);
    const text = loaders.map(({ from }) => readFileSync(join(src, from), "utf8")).join("");
    expect(text).toMatch(/import\(\s*"node-llama-cpp"/);
    expect(text).not.toMatch(/^import (?!type)[^;]*"node-llama-cpp"/m);
  });

  it("a start reads little: no command that was not named, and no package but the one for command lines", () => {
    expect(packagesBefore("cli/main.ts")).toEqual(["yargs"]);
    expect(packagesBefore("cli/commands/grade.ts")).toEqual([]);
    expect(packagesBefore("cli/commands/run.ts")).toEqual(expect.arrayContaining(["zod"]));
  });

  it("there are no circles of imports, of values or of types", () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of internal) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file))
        throw new Error(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(" -> ")}`);
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(done.size).toBeGreaterThanOrEqual(files.length);
  });

  it("the library never ends the process and never prints", () => {
    const wrong = files.filter((file) => {
      if (file === "cli/main.ts") return false;
      return /\bprocess\.exit\(|\bconsole\./.test(readFileSync(join(src, file), "utf8"));
    });
    expect(wrong).toEqual([]);
  });

  // Graded values are compared with room for more than the last bits; powers of BigInts are exact.
  it("powers have the same bits on every version of Node", () => {
    const rounded = /Math\.pow|(?<!\b(?:2|\d+n)\s)\*\*(?!\s(?:2n?\b|BigInt))/;
    const wrong = files
      .filter((file) => !file.startsWith("scorers/accuracy/values/"))
      .flatMap((file) => {
        const code = readFileSync(join(src, file), "utf8")
          .replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, "")
          .replaceAll(/`[^`]*`|"[^"\n]*"|\/[^/\n]*\*\*[^/\n]*\//g, "");
        return code.split("\n").flatMap((line) => (rounded.test(line) ? [`${file}: ${line.trim()}`] : []));
      });
    expect(wrong).toEqual([]);
  });
});

import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/base/errors.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { expandSweep } from "../../../src/sweep/file/expand.ts";
import { explainVariable } from "../../../src/sweep/file/variables.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

async function sweepFile(text: string): Promise<string> {
  const path = join(scratchFolder(), "sweep.yaml");
  await writeFile(path, text);
  return path;
}

const START = `name: x
variables: { len: models/len, fmt: null, base: models/base }
axes: { w: [0.1, 0.3] }
recipe:
  merge_method: linear
  models:
    - { model: "\${len}", parameters: { weight: "\${w}" } }
    - { model: "\${fmt}", parameters: { weight: "\${1 - w}" } }
`;
const FILE = `${START}points: [{ w: 0.10, model: "\${base}-merged@v1" }, { w: 0.9, model: org/name }]
references: { base: "\${base}" }
benchmarks: [pocket-math]
`;

describe("variables of a sweep file", () => {
  it("stand in recipe, references and points, and the command line changes them", async () => {
    const sweep = await readSweepFile(await sweepFile(FILE), { fmt: "org/fmt@main", base: "org/base" });
    expect(sweep.config.references).toEqual({ base: "org/base" });
    expect(expandSweep(sweep)).toMatchObject([
      { name: "w=0.1", axes: { w: "0.1" }, model: "org/base-merged@v1" },
      {
        name: "w=0.3",
        recipe: {
          models: [
            { model: "models/len", parameters: { weight: 0.3 } },
            { model: "org/fmt@main", parameters: { weight: 0.7 } },
          ],
        },
      },
      { name: "w=0.9", model: "org/name" },
    ]);
  });

  it("take a path of the command line from the working directory, wherever the file is", async () => {
    const sweep = await readSweepFile(await sweepFile(FILE), { fmt: "checkpoints/pocket/accfmt" });
    expect(expandSweep(sweep)[1]).toMatchObject({
      recipe: { models: [{}, { model: resolve("checkpoints/pocket/accfmt") }] },
    });
  });

  it("need no recipe where every point is a model: the points have the axes", async () => {
    const text = "name: x\nvariables: { who: org }\npoints: [{ t: 2, w: 1, model: '${who}/a' }]\nbenchmarks: [a]";
    const sweep = await readSweepFile(await sweepFile(text));
    expect(expandSweep(sweep)).toEqual([{ name: "t=2,w=1", axes: { t: "2", w: "1" }, model: "org/a" }]);
  });

  it.each([
    ["an open one", FILE, {}, /:8:\d+: the variable "fmt" has no value/],
    ["one that the file does not have", FILE, { fmt: "a", length: "b" }, /--set length: .*no variable/],
    ["one in a sum", FILE.replace("${1 - w}", "${1 - len}"), { fmt: "a" }, /"len" alone, as \$\{len\}/],
    [
      "one that nothing uses",
      FILE.replace("fmt: null", "fmt: a, idle: b"),
      {},
      /:2:.*nothing uses the variable "idle"/,
    ],
    ["one that is an axis", FILE.replace("fmt: null", "fmt: a, w: b"), {}, /variable and an axis/],
    ["a value that would be calculated", FILE, { fmt: "${w}" }, /expected a path or a model/],
    [
      "a point without its axis",
      FILE.replace("{ w: 0.9,", "{"),
      { fmt: "a" },
      /:9:\d+: expected .* w, found the axes none/,
    ],
    ["a point twice", FILE.replace("w: 0.9", "w: .1"), { fmt: "a" }, /w=0\.1 is listed twice/],
  ] as const)("refuse %s", async (_case, text, set, message) => {
    const path = await sweepFile(text);
    await expect(readSweepFile(path, set).then(expandSweep)).rejects.toThrow(message);
  });
});

it("variables are all named that an error about models concerns", () => {
  const error = new InputError("- runs/a: there is no such checkpoint\n- runs/b: there is no such checkpoint");
  expect(explainVariable(error, { len: "runs/a", fmt: "runs/b", base: "runs/c" })).toMatchObject({
    hint: "Say where they are with --set len=PATH_OR_HUB_ID --set fmt=PATH_OR_HUB_ID.",
  });
});

import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  await cp(join(projectRoot, "checkpoints/pocket/len"), join(folder, "model"), { recursive: true });
  const recipe = `merge_method: linear\nmodels:\n  - { model: ${folder}/model, parameters: { weight: 1 } }\n`;
  await writeFile(join(folder, "merge.yml"), recipe);
});

test.each([1001, 9_007_199_254_740_991])("a model that claims to have %d layers is refused at once", async (layers) => {
  const path = join(folder, "model/config.json");
  const config = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...config, num_hidden_layers: layers }));
  for (const args of [
    ["merge", join(folder, "merge.yml"), join(folder, "out")],
    ["convert", join(folder, "model"), join(folder, "out.gguf")],
  ]) {
    const { code, stderr } = await cli(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/config\.json: expected num_hidden_layers to be an integer from 1 to 1000, found .*/);
    expect(stderr).toContain(String(layers));
  }
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";

const folder = scratchFolder();

test.each([0, 100, 300, 600])(
  "a child whose parent is killed %d ms after it was started, while it still loads, ends too",
  { timeout: 60_000 },
  async (milliseconds) => {
    const mark = `orphan-mark-${process.pid}-${milliseconds}`;
    const file = join(folder, `${mark}.mts`);
    const module = join(projectRoot, "src/models/llama-cpp/child-process.ts");
    await writeFile(
      file,
      [
        `import { EngineProcess } from ${JSON.stringify(module)};`,
        `const engine = new EngineProcess({ hangSeconds: 60 });`,
        `engine.call("start", { gpu: false, kvType: "f16", api: "internal" }).catch(() => {});`,
        "console.log(engine.pid);",
        "setInterval(() => {}, 1000);",
      ].join("\n"),
    );
    const parent = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [pid]: Buffer[] = await once(parent.stdout, "data");
    const child = Number(pid?.toString());
    expect(child).toBeGreaterThan(0);
    await wait(milliseconds);
    parent.kill("SIGKILL");
    await expect.poll(() => isRunning(child), { timeout: 15_000 }).toBe(false);
  },
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pushModel } from "../../src/hub/push-model.ts";
import { projectRoot } from "../helpers/shared.ts";
import { type LocalHub, startHub } from "./local-hub.ts";

const MODEL = join(projectRoot, "checkpoints/pocket/len");

let hub: LocalHub;
beforeEach(async () => {
  hub = await startHub({});
  vi.stubEnv("HF_TOKEN", "hf_writer");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
});

describe("an upload", () => {
  it("makes a private repository and puts every file into it, byte for byte", async () => {
    const pushed = await pushModel(MODEL, "me/merge", { hubUrl: hub.url });
    expect(pushed).toEqual({ url: `${hub.url}/me/merge`, commit: "c".repeat(40), created: true });
    expect(hub.asked).toContain("created me/merge private");
    const files = hub.models.get("me/merge")?.files ?? new Map<string, Buffer>();
    expect([...files.keys()].toSorted()).toEqual((await readdir(MODEL)).toSorted());
    for (const [name, bytes] of files) expect(bytes.equals(await readFile(join(MODEL, name)))).toBe(true);
  });

  it("goes on after a cut connection, and sends nothing large twice", async () => {
    hub.faults.cuts = 1;
    const first = await pushModel(MODEL, "me/merge", { hubUrl: hub.url });
    expect(first.created).toBe(true);
    const again = await pushModel(MODEL, "me/merge", { hubUrl: hub.url });
    expect(again.created).toBe(false);
    expect(hub.asked.filter((line) => line.startsWith("PUT /upload/"))).toHaveLength(2);
    expect(hub.models.get("me/merge")?.files.get("model.safetensors")?.length).toBeGreaterThan(1_000_000);
  });

  it("without a token, or with one that may not write, is refused", async () => {
    vi.stubEnv("HF_TOKEN", "hf_reader");
    await expect(pushModel(MODEL, "me/merge", { hubUrl: hub.url })).rejects.toThrow(/access was refused/);
    vi.stubEnv("HF_TOKEN", "");
    await expect(pushModel(MODEL, "me/merge", { hubUrl: hub.url })).rejects.toThrow(/expected a token that may write/);
  });
});

import { existsSync } from "node:fs";
import { cp, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { readTokenizer } from "../../src/checkpoints/tokenizer/read-tokenizer.ts";
import { fetchModel } from "../../src/hub/fetch-model.ts";
import { peekModel } from "../../src/hub/peek-model.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { sha256File } from "../helpers/files/sha256-file.ts";
import { projectRoot } from "../helpers/shared.ts";
import { type LocalHub, type LocalModel, modelOf, startHub } from "./local-hub.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");
const ID = { repo: "me/len", revision: undefined };
const WEIGHTS = "model.safetensors";

let folder = "";
let hub: LocalHub;
let model: LocalModel;
beforeEach(async () => {
  folder = scratchFolder();
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HUB_OFFLINE", "");
  model = await modelOf(LEN, { without: ["README.md"] });
  hub = await startHub({ "me/len": model });
  vi.stubEnv("HF_ENDPOINT", hub.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
});

function sizeOf(...names: string[]): number {
  return names.reduce((sum, name) => sum + (model.files.get(name)?.length ?? 0), 0);
}

/** Bytes of the weights that were asked for. */
function weightBytes(): number {
  return hub.asked.reduce((sum, asked) => {
    const [, from, to] = /model\.safetensors bytes=(\d+)-(\d+)$/.exec(asked) ?? [];
    return sum + (to === undefined ? 0 : Number(to) - Number(from) + 1);
  }, 0);
}

describe("a model of the hub that is looked at", () => {
  it("is what it is when it was fetched, though only the headers of its weights travel and nothing is written", async () => {
    const peeked = await openCheckpoint("me/len", { peek: true });
    const tokenizer = await readTokenizer(peeked);
    await peeked.close();
    expect(existsSync(join(folder, "cache"))).toBe(false);
    expect(hub.asked.filter((asked) => asked.endsWith(WEIGHTS))).toEqual([]);
    expect(weightBytes()).toBeLessThan(10_000);
    expect(peeked.origins).toEqual([
      { repo: "me/len", commit: model.commit, bytesToFetch: sizeOf(...model.files.keys()) },
    ]);
    const fetched = await openCheckpoint("me/len");
    expect(peeked.configText).toBe(fetched.configText);
    expect(tokenizer).toEqual(await readTokenizer(fetched));
    const shapes = ({ reader }: typeof fetched): unknown[] =>
      Array.from(reader.tensors.values(), ({ name, dtype, shape, byteLength }) => ({ name, dtype, shape, byteLength }));
    expect(shapes(peeked)).toEqual(shapes(fetched));
    await fetched.close();
  });

  it("costs what the cache lacks of it: nothing if it is there, the rest of what was begun", async () => {
    await fetchModel(ID);
    expect((await peekModel(ID)).bytesToFetch).toBe(0);
    const storage = join(folder, "cache/models--me--len");
    const blob = join(storage, "blobs", await sha256File(join(LEN, WEIGHTS)));
    await cp(blob, `${blob}.incomplete`);
    await truncate(`${blob}.incomplete`, 1_000_000);
    await rm(blob);
    const before = hub.asked.length;
    const { folder: files, bytesToFetch } = await peekModel(ID);
    expect(bytesToFetch).toBe(sizeOf(WEIGHTS) - 1_000_000);
    // What the cache has is read there.
    expect(Buffer.from((await files.readFile("config.json", 1e6)) ?? [])).toEqual(
      await readFile(join(LEN, "config.json")),
    );
    expect(hub.asked.slice(before).filter((asked) => asked.includes("/resolve/"))).toEqual([]);
  });

  it("in shards is read by its index, and a shard that is missing is named", async () => {
    const weights = model.files.get(WEIGHTS) ?? Buffer.alloc(0);
    const names = [...(await openCheckpoint(LEN)).reader.tensors.keys()];
    const shard = "model-00001-of-00001.safetensors";
    const index = JSON.stringify({ weight_map: Object.fromEntries(names.map((name) => [name, shard])) });
    const files = new Map([...model.files, [shard, weights], [`${WEIGHTS}.index.json`, Buffer.from(index)]]);
    files.delete(WEIGHTS);
    hub.models.set("me/sharded", { ...model, files });
    const peeked = await openCheckpoint("me/sharded", { peek: true });
    expect([...peeked.reader.tensors.keys()]).toEqual(names);
    files.delete(shard);
    await expect(openCheckpoint("me/sharded", { peek: true })).rejects.toThrow(
      `names a shard ${shard}, but there is no`,
    );
  });

  it("is asked for again where it arrives damaged, and refused where the hub offers another size", async () => {
    hub.faults.damages = 1;
    await (await openCheckpoint("me/len", { peek: true })).close();
    hub.faults.wrongSize = true;
    await expect(openCheckpoint("me/len", { peek: true })).rejects.toThrow(
      /expected \d+ bytes as listed, the hub offers/,
    );
  });

  it("is that of the cache without a hub; one that is in neither is named", async () => {
    await fetchModel(ID);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await peekModel(ID)).folder.path).toBe(join(folder, "cache/models--me--len/snapshots", model.commit));
    await expect(peekModel({ repo: "me/other", revision: undefined })).rejects.toThrow("is not in the cache");
    vi.stubEnv("HF_HUB_OFFLINE", "");
    await hub[Symbol.asyncDispose]();
    expect((await peekModel(ID, { retries: 0 })).bytesToFetch).toBe(0);
  });
});

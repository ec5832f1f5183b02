import { lstat, mkdir, readdir, readFile, readlink, rm, truncate, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FetchProgress, fetchModel } from "../../src/hub/fetch-model.ts";
import { parseModelId } from "../../src/hub/model-id.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { sha256File } from "../helpers/files/sha256-file.ts";
import { projectRoot } from "../helpers/shared.ts";
import { type LocalHub, modelOf, startHub } from "./local-hub.ts";

const pocket = join(projectRoot, "checkpoints/pocket");
const WEIGHTS = "model.safetensors";

let folder = "";
let hub: LocalHub;
beforeEach(async () => {
  folder = scratchFolder();
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HUB_OFFLINE", "");
  hub = await startHub({
    "me/len": await modelOf(join(pocket, "len"), {
      more: { "README.md": "hello", "pytorch_model.bin": "pickle", "onnx.bin": "x" },
    }),
  });
  vi.stubEnv("HF_ENDPOINT", hub.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
});

const LEN = { repo: "me/len", revision: undefined };

/** Requests for the content of the weights: not the question for their size. */
function weightRequests(): string[] {
  return hub.asked.filter((asked) => asked.includes(WEIGHTS) && !asked.endsWith("bytes=0-0"));
}

describe("a model of the hub", () => {
  it("is fetched into the standard cache: blobs by digest, a snapshot of links, the commit of the revision", async () => {
    const { folder: snapshot, commit } = await fetchModel(LEN);
    const storage = join(folder, "cache/models--me--len");
    expect(commit).toBe(hub.models.get("me/len")?.commit);
    expect(snapshot).toBe(join(storage, "snapshots", commit));
    expect(await readFile(join(storage, "refs/main"), "utf8")).toBe(commit);
    expect((await readdir(snapshot)).toSorted()).toEqual([
      "config.json",
      "generation_config.json",
      WEIGHTS,
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const digest = await sha256File(join(pocket, "len", WEIGHTS));
    expect(await readlink(join(snapshot, WEIGHTS))).toBe(join("../../blobs", digest));
    expect(await sha256File(join(snapshot, WEIGHTS))).toBe(digest);
    expect((await lstat(join(storage, "blobs", digest))).isFile()).toBe(true);
  });

  it("is fetched without its pickles, and nothing of them is asked for", async () => {
    await fetchModel(LEN);
    expect(hub.asked.filter((asked) => asked.includes(".bin"))).toEqual([]);
  });

  it("is not fetched again", async () => {
    await fetchModel(LEN);
    const before = weightRequests().length;
    await fetchModel(LEN);
    expect(before).toBe(1);
    expect(weightRequests()).toHaveLength(before);
  });

  it("is fetched at a revision", async () => {
    const { commit } = await fetchModel({ repo: "me/len", revision: "v1" });
    expect(await readFile(join(folder, "cache/models--me--len/refs/v1"), "utf8")).toBe(commit);
  });

  it("tells how far it is", async () => {
    const seen: FetchProgress[] = [];
    await fetchModel({ repo: "me/len", revision: "v1" }, { onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1);
    expect(last).toMatchObject({ model: "me/len@v1", file: WEIGHTS });
    expect(last?.received).toBe(last?.total);
    const received = seen.map((progress) => progress.received);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
  });

  it("is fetched in the shards of its index, without other weights", async () => {
    const files = await modelOf(join(pocket, "len"), { without: [WEIGHTS] });
    const weights = await readFile(join(pocket, "len", WEIGHTS));
    for (const name of [
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "consolidated.safetensors",
    ])
      files.files.set(name, weights);
    const map = { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" };
    files.files.set("model.safetensors.index.json", Buffer.from(JSON.stringify({ weight_map: map })));
    hub.models.set("me/sharded", files);
    const { folder: snapshot } = await fetchModel({ repo: "me/sharded", revision: undefined });
    const names = (await readdir(snapshot)).filter((name) => name.endsWith(".safetensors"));
    expect(names.toSorted()).toEqual(Object.values(map));
  });
});

/** Breaks the connection during the weights, not during the small files before them. */
async function fetchWithCut(retries?: number): Promise<{ folder: string }> {
  return await fetchModel(LEN, {
    retries,
    onProgress: ({ file }) => {
      if (file === "tokenizer_config.json" && hub.asked.every((asked) => !asked.includes(WEIGHTS))) hub.faults.cuts = 1;
    },
  });
}

describe("a connection that breaks", () => {
  it("is taken up again where it broke", async () => {
    const { folder: snapshot } = await fetchWithCut();
    const { size } = await lstat(join(pocket, "len", WEIGHTS));
    const ranges = weightRequests().map((asked) => /bytes=(\d+)-/.exec(asked)?.[1]);
    expect(ranges[0]).toBeUndefined();
    expect(ranges).toHaveLength(2);
    const resumed = Number(ranges[1]);
    expect(resumed).toBeGreaterThan(0);
    expect(resumed).toBeLessThanOrEqual(size >> 1);
    expect(await sha256File(join(snapshot, WEIGHTS))).toBe(await sha256File(join(pocket, "len", WEIGHTS)));
  });

  it("leaves what was fetched to the next command", async () => {
    await expect(fetchWithCut(0)).rejects.toMatchObject({ name: "WorkError" });
    const blobs = await readdir(join(folder, "cache/models--me--len/blobs"));
    expect(blobs.filter((name) => name.endsWith(".incomplete"))).toHaveLength(1);
    const { folder: snapshot } = await fetchModel(LEN);
    expect(weightRequests().at(-1)).toMatch(/bytes=[1-9]\d*-/);
    expect(await sha256File(join(snapshot, WEIGHTS))).toBe(await sha256File(join(pocket, "len", WEIGHTS)));
  });

  it("stops when it is told to", async () => {
    const reason = new Error("enough");
    await expect(fetchModel(LEN, { signal: AbortSignal.abort(reason) })).rejects.toThrow("enough");
  });

  it("is tried again after a busy server", async () => {
    hub.faults.busy = 1;
    expect((await fetchModel(LEN)).repo).toBe("me/len");
  });
});

describe("what the hub sends", () => {
  it("is refused in another size than listed", async () => {
    hub.faults.wrongSize = true;
    await expect(fetchModel(LEN)).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringMatching(/me\/len\/model\.safetensors: expected \d+ bytes as listed, the hub offers \d+/),
    });
  });

  it("is fetched again if it arrived damaged, and refused if it always does", async () => {
    hub.faults.damages = 1;
    await fetchModel(LEN);
    await rm(join(folder, "cache"), { recursive: true });
    hub.faults.damages = 100;
    await expect(fetchModel(LEN, { retries: 1 })).rejects.toMatchObject({
      name: "WorkError",
      message: expect.stringContaining("arrived damaged"),
    });
  });

  it("replaces a partial file that is too long, or of something else", async () => {
    await fetchModel(LEN);
    const blobs = join(folder, "cache/models--me--len/blobs");
    const digest = await sha256File(join(pocket, "len", WEIGHTS));
    for (const bytes of [1000, 1e8]) {
      await rm(join(blobs, digest));
      await writeFile(join(blobs, `${digest}.incomplete`), "something else");
      await truncate(join(blobs, `${digest}.incomplete`), bytes);
      await fetchModel(LEN);
      expect(await sha256File(join(blobs, digest))).toBe(digest);
    }
  });
});

describe("a model that cannot be had", () => {
  it("is refused if the hub has none, or does not let one in", async () => {
    await expect(fetchModel({ repo: "me/none", revision: undefined })).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining("HTTP 401"),
    });
    hub.models.set("me/gated", await modelOf(join(pocket, "len"), { token: "hf_secret" }));
    const gated = { repo: "me/gated", revision: undefined };
    await expect(fetchModel(gated)).rejects.toThrow("set HF_TOKEN");
    vi.stubEnv("HF_TOKEN", "hf_other");
    await expect(fetchModel(gated)).rejects.toThrow("there is no such repository, revision or file (HTTP 404)");
    vi.stubEnv("HF_TOKEN", "hf_secret");
    expect((await fetchModel(gated)).repo).toBe("me/gated");
    vi.stubEnv("HF_TOKEN", "secret");
    await expect(fetchModel(gated)).rejects.toThrow("begins with hf_");
  });

  it("is refused at a revision that it does not have", async () => {
    await expect(fetchModel({ repo: "me/len", revision: "v9" })).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining("the model is there, but it has no revision v9"),
    });
  });

  it("is refused before anything is fetched if it has only pickles", async () => {
    hub.models.set(
      "me/pickle",
      await modelOf(join(pocket, "len"), { without: [WEIGHTS], more: { "pytorch_model.bin": "x" } }),
    );
    await expect(fetchModel({ repo: "me/pickle", revision: undefined })).rejects.toMatchObject({
      message: expect.stringContaining("pickle file (pytorch_model.bin)"),
      hint: expect.stringContaining("safetensors"),
    });
    expect(hub.asked.filter((asked) => asked.includes("resolve"))).toEqual([]);
  });

  it("is refused without weights", async () => {
    hub.models.set("me/empty", await modelOf(join(pocket, "len"), { without: [WEIGHTS] }));
    await expect(fetchModel({ repo: "me/empty", revision: undefined })).rejects.toThrow("expected model.safetensors");
  });

  it("is refused if its index names a shard that is not there", async () => {
    const index = JSON.stringify({ weight_map: { a: "model-00001-of-00001.safetensors" } });
    const more = { "model.safetensors.index.json": index };
    hub.models.set("me/half", await modelOf(join(pocket, "len"), { without: [WEIGHTS], more }));
    await expect(fetchModel({ repo: "me/half", revision: undefined })).rejects.toThrow("no such file");
  });
});

describe("without the hub", () => {
  it("a model is taken from the cache, by revision or commit", async () => {
    const fetched = await fetchModel(LEN);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const before = hub.asked.length;
    expect(await fetchModel(LEN)).toEqual(fetched);
    expect(await fetchModel({ repo: "me/len", revision: fetched.commit })).toEqual(fetched);
    expect(hub.asked).toHaveLength(before);
    await expect(fetchModel({ repo: "me/len", revision: "v1" })).rejects.toThrow("HF_HUB_OFFLINE is set");
    await expect(fetchModel({ repo: "me/other", revision: undefined })).rejects.toThrow("is not in the cache");
  });

  it("a model is taken from the cache where the hub does not answer, and is missing where it is not there", async () => {
    const fetched = await fetchModel(LEN);
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect(await fetchModel(LEN, { retries: 0 })).toEqual(fetched);
    await expect(fetchModel({ repo: "me/other", revision: undefined }, { retries: 0 })).rejects.toMatchObject({
      name: "WorkError",
      message: expect.stringContaining("could not be fetched"),
    });
  });

  it("a snapshot that is not complete is not taken", async () => {
    const { folder: snapshot } = await fetchModel(LEN);
    await rm(join(snapshot, WEIGHTS));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    await expect(fetchModel(LEN)).rejects.toThrow("is not in the cache");
  });

  it("a snapshot that other programs made is taken", async () => {
    const snapshot = join(folder, "cache/models--me--else/snapshots", "a".repeat(40));
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(folder, "cache/models--me--else/refs"));
    await writeFile(join(folder, "cache/models--me--else/refs/main"), `${"a".repeat(40)}\n`);
    for (const name of ["config.json", WEIGHTS]) await writeFile(join(snapshot, name), "{}");
    vi.stubEnv("HF_HUB_OFFLINE", "true");
    expect((await fetchModel({ repo: "me/else", revision: undefined })).folder).toBe(snapshot);
  });
});

describe("the id of a model", () => {
  it.each([
    ["org/name", { repo: "org/name", revision: undefined }],
    ["org/name@main", { repo: "org/name", revision: "main" }],
    ["org/name@refs/pr/1", { repo: "org/name", revision: "refs/pr/1" }],
    ["knoveleng/OpenRS-GRPO@1.0", { repo: "knoveleng/OpenRS-GRPO", revision: "1.0" }],
    ["a/b/c", undefined],
    ["name", undefined],
    ["../up", undefined],
    ["org/name@../../etc", undefined],
    ["org/..", undefined],
    ["./folder", undefined],
    ["/root/name", undefined],
  ])("%s is %j", (text, expected) => {
    expect(parseModelId(text)).toEqual(expected);
  });

  it("never leads out of the cache", () => {
    const parts = fc.array(fc.constantFrom("a", "org", "..", ".", "/", "@", "-", "\\", "\0", " ", "~"), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          parts.map((all) => all.join("")),
          fc.string(),
        ),
        (text) => {
          const id = parseModelId(text);
          if (id === undefined) return;
          for (const path of [id.repo, id.revision ?? "main"]) {
            expect(resolve("/cache", path).startsWith("/cache/")).toBe(true);
            expect(path).not.toMatch(/[\\\0\s~]/);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

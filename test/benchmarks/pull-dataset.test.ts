import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { chooseFile } from "../../src/benchmarks/fetch-dataset.ts";
import { loadBenchmark } from "../../src/benchmarks/load-dataset.ts";
import { type PulledDataset, pullBenchmark } from "../../src/benchmarks/pull-dataset.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const parquet = join(projectRoot, "test/fixtures/benchmarks/sums.parquet");

/** The rows of sums.parquet, as JSONL. */
const JSONL = [
  { id: 1, question: "What is 1 + 1?", answer: "It is <<1+1=2>>2.\n#### 2", level: 1 },
  { id: 2, question: "What is 2 + 2? Write $\\frac{4}{1}$.", answer: "It is <<2+2=4>>4.\n#### 4", level: 2 },
  { id: 3, question: "Where is the café?", answer: "It is <<10/2=5>>5 metres away.\n#### 5", level: 2 },
]
  .map((row) => `${JSON.stringify(row)}\n`)
  .join("");

const FIELDS = `fields:
  id: id
  problem: question
  answer: answer
  labels: [level]
answer:
  kind: number
  extract: { after: "####" }
`;

/** A hub of one dataset: the files by path, and how often each path was asked for. */
interface Hub {
  readonly files: Map<string, Uint8Array>;
  readonly asked: string[];
  /** Answers that many requests for file content with a connection that breaks half-way. */
  cuts: number;
  readonly url: string;
}

let folder = "";
let server: Server | undefined;
beforeEach(() => {
  folder = scratchFolder();
  vi.stubEnv("MERGESWEEP_CACHE", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

async function startHub(files: Record<string, Uint8Array | string>): Promise<Hub> {
  const hub = {
    files: new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    asked: [] as string[],
    cuts: 0,
    url: "",
  };
  server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  hub.url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  return hub;
}

function answer(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent((request.url ?? "").replace(/\?.*$/, ""));
  hub.asked.push(`${path}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
  if (path.startsWith("/api/datasets/me/sums/tree/")) {
    const entries = [...hub.files].map(([file, bytes]) => ({ type: "file", path: file, size: bytes.length, oid: "0" }));
    response.setHeader("content-type", "application/json").end(JSON.stringify(entries));
    return;
  }
  const [, revision = "", file = ""] = /^\/(?:datasets\/me\/sums\/resolve\/([^/]+)|mirror)\/(.*)$/.exec(path) ?? [];
  const bytes = hub.files.get(file);
  if (bytes === undefined || revision === "gone") {
    response.writeHead(404, { "X-Error-Code": bytes === undefined ? "EntryNotFound" : "RevisionNotFound" }).end("{}");
    return;
  }
  response.setHeader("ETag", '"0"');
  if (request.headers.range !== undefined) {
    response.writeHead(206, { "content-range": `bytes 0-0/${bytes.length}` }).end(bytes.subarray(0, 1));
  } else if (hub.cuts > 0) {
    hub.cuts--;
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  } else {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  }
}

async function declare(source: string, declaredSha: string, more = ""): Promise<string> {
  const path = join(folder, "benchmark.yaml");
  await writeFile(
    path,
    `name: sums\nversion: 1\nsource:\n${source}\nsha256: "${declaredSha}"\nrows: 3\n${more}${FIELDS}`,
  );
  return path;
}

const HUB_JSONL = "  hub: { id: me/sums, split: test, revision: abc, path: test.jsonl }";

function pull(path: string, hub: Hub, retries = 0): Promise<PulledDataset> {
  return pullBenchmark(path, { root: projectRoot, hubUrl: hub.url, retries });
}

async function cached(): Promise<string[]> {
  return await readdir(join(folder, "cache")).catch(() => []);
}

describe("pulling a benchmark from the hub", () => {
  it("fetches the file at the pinned revision, verifies it, and caches it under its digest", async () => {
    const hub = await startHub({ "test.jsonl": JSONL });
    const path = await declare(HUB_JSONL, sha256(JSONL));
    const pulled = await pull(path, hub);
    expect(pulled).toMatchObject({ name: "sums", rows: 3, identical: true, sha256: sha256(JSONL), notes: [] });
    expect(pulled.from).toBe(`${hub.url}/datasets/me/sums (test.jsonl at abc)`);
    expect(hub.asked.some((asked) => asked === "/datasets/me/sums/resolve/abc/test.jsonl")).toBe(true);
    expect(await cached()).toEqual([`${sha256(JSONL)}.jsonl`]);
    expect((await loadBenchmark(path, { root: projectRoot })).samples.map((sample) => sample.golds)).toEqual([
      ["2"],
      ["4"],
      ["5"],
    ]);
  });

  it("takes the hub's address from HF_ENDPOINT", async () => {
    const hub = await startHub({ "test.jsonl": JSONL });
    vi.stubEnv("HF_ENDPOINT", `${hub.url}/`);
    const path = await declare(HUB_JSONL, sha256(JSONL));
    expect((await pullBenchmark(path, { root: projectRoot })).from).toContain(hub.url);
  });

  it("finds the file of the split where the benchmark does not name it", async () => {
    const hub = await startHub({
      "README.md": "",
      "data/train-00000-of-00001.jsonl": "{}",
      "data/test-00000-of-00001.jsonl": JSONL,
    });
    const path = await declare("  hub: { id: me/sums, split: test, revision: null }", sha256(JSONL));
    expect((await pull(path, hub)).from).toContain("data/test-00000-of-00001.jsonl at main");
  });

  it("accepts the same problems and golds as parquet, and knows them by the declared digest", async () => {
    const hub = await startHub({ "main/test-00000-of-00001.parquet": await readFile(parquet) });
    const local = join(folder, "local.jsonl");
    await writeFile(local, JSONL);
    const content = "3b9a02";
    const source = "  hub: { id: me/sums, config: main, split: test, revision: null }";
    const wrong = await declare(source, sha256(JSONL), `content_sha256: "${content.padEnd(64, "0")}"\n`);
    await expect(pull(wrong, hub)).rejects.toThrow("expected sha256");

    const right = await declare(source, sha256(JSONL), `content_sha256: ${contentOfJsonl()}\n`);
    const pulled = await pull(right, hub);
    expect(pulled).toMatchObject({ rows: 3, identical: false });
    expect(await cached()).toEqual([`${sha256(JSONL)}.parquet`]);
    const fromParquet = await loadBenchmark(right, { root: projectRoot });
    expect(fromParquet.dataSha256).toBe(sha256(JSONL));

    await rm(join(folder, "cache"), { recursive: true });
    await pullBenchmark(right, { root: projectRoot, from: local });
    expect(await loadBenchmark(right, { root: projectRoot })).toEqual(fromParquet);
  });

  it("refuses data of another digest with both digests, and caches nothing", async () => {
    const hub = await startHub({ "test.jsonl": JSONL.replace("#### 4", "#### 3") });
    const path = await declare(HUB_JSONL, sha256(JSONL));
    await expect(pull(path, hub)).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining(`expected sha256 ${sha256(JSONL)}, found `),
      hint: expect.stringContaining("mergesweep datasets pull sums --from FILE"),
    });
    expect(await cached()).toEqual([]);
  });

  it("says that the connection broke, and caches nothing", async () => {
    const hub = await startHub({ "test.jsonl": JSONL });
    hub.cuts = 1;
    const path = await declare(HUB_JSONL, sha256(JSONL));
    await expect(pull(path, hub)).rejects.toMatchObject({
      name: "WorkError",
      message: expect.stringContaining("could not be fetched"),
    });
    expect(await cached()).toEqual([]);
  });

  it("tries again after a broken connection", async () => {
    const hub = await startHub({ "test.jsonl": JSONL });
    hub.cuts = 1;
    const path = await declare(HUB_JSONL, sha256(JSONL));
    expect(await pull(path, hub, 1)).toMatchObject({ rows: 3, identical: true });
  });

  it("says that a file or a revision is not there, without trying again", async () => {
    const hub = await startHub({ "other.jsonl": JSONL });
    const missing = await declare(HUB_JSONL, sha256(JSONL));
    await expect(pull(missing, hub, 5)).rejects.toThrow("there is no file test.jsonl at the revision abc");
    const gone = await declare("  hub: { id: me/sums, split: test, revision: gone, path: other.jsonl }", sha256(JSONL));
    await expect(pull(gone, hub, 5)).rejects.toThrow("HTTP 404");
    expect(hub.asked).toHaveLength(2);
  });

  it("turns to the mirror where the hub has other data, and notes why", async () => {
    const hub = await startHub({ "test.jsonl": "{}\n", "right.jsonl": JSONL });
    const path = await declare(`${HUB_JSONL}\n  mirror: ${hub.url}/mirror/right.jsonl`, sha256(JSONL));
    const pulled = await pull(path, hub);
    expect(pulled).toMatchObject({ identical: true, from: `${hub.url}/mirror/right.jsonl` });
    expect(pulled.notes).toEqual([expect.stringContaining('no column "id"')]);
  });

  it("names every source that failed if none is left", async () => {
    const path = await declare(`${HUB_JSONL}\n  mirror: http://127.0.0.1:9/right.jsonl`, sha256(JSONL));
    await expect(
      pullBenchmark(path, { root: projectRoot, hubUrl: "http://127.0.0.1:9", retries: 0 }),
    ).rejects.toMatchObject({
      name: "WorkError",
      message: expect.stringMatching(/datasets\/me\/sums: could not be fetched[^]*right\.jsonl: could not be fetched/),
    });
  });

  it("stops when it is told to", async () => {
    const hub = await startHub({ "test.jsonl": JSONL });
    const path = await declare(HUB_JSONL, sha256(JSONL));
    const reason = new Error("enough");
    await expect(
      pullBenchmark(path, { root: projectRoot, hubUrl: hub.url, signal: AbortSignal.abort(reason) }),
    ).rejects.toThrow("enough");
  });

  it("has nothing to fetch for a benchmark whose data lies beside it", async () => {
    await expect(pullBenchmark("pocket-math", { root: projectRoot })).rejects.toThrow("there is nothing to fetch");
  });
});

describe("a parquet file of one's own", () => {
  it("is a benchmark with a ten-line benchmark.yaml", async () => {
    await copyFile(parquet, join(folder, "sums.parquet"));
    const path = join(folder, "benchmark.yaml");
    await writeFile(path, `name: sums\nversion: 1\nfile: sums.parquet\n${FIELDS}`);
    const { samples } = await loadBenchmark(path, { root: projectRoot });
    expect(samples[1]).toEqual({
      id: "2",
      problem: "What is 2 + 2? Write $\\frac{4}{1}$.",
      golds: ["4"],
      labels: { level: "2" },
    });
  });

  it("is refused if it is cut off", async () => {
    const bytes = await readFile(parquet);
    await writeFile(join(folder, "sums.parquet"), bytes.subarray(0, 300));
    const path = join(folder, "benchmark.yaml");
    await writeFile(path, `name: sums\nversion: 1\nfile: sums.parquet\n${FIELDS}`);
    await expect(loadBenchmark(path, { root: projectRoot })).rejects.toThrow("not a parquet file that can be read");
  });
});

describe("the data file of a split", () => {
  it.each([
    [["main/test-00000-of-00001.parquet", "socratic/test-00000-of-00001.parquet"], "main/test-00000-of-00001.parquet"],
    [["test.jsonl", "README.md"], "test.jsonl"],
    [
      ["data/test-00000-of-00001-243207c6c994e1bd.parquet", "data/train-00000-of-00001.parquet"],
      "data/test-00000-of-00001-243207c6c994e1bd.parquet",
    ],
  ])("among %j is %s", (paths, expected) => {
    expect(chooseFile(paths, { config: "main", split: "test" }, "the hub")).toBe(expected);
  });

  it("is refused if there is none, or if it is split in several", () => {
    const source = { config: "main", split: "test" };
    expect(() => chooseFile(["train.jsonl"], source, "the hub")).toThrow("among: train.jsonl");
    const parts = ["data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet"];
    expect(() => chooseFile(parts, source, "the hub")).toThrow("set `path`");
  });
});

/** What the declaration says of problems and golds alone. */
function contentOfJsonl(): string {
  return sha256(
    JSON.stringify([
      ["What is 1 + 1?", ["2"]],
      ["What is 2 + 2? Write $\\frac{4}{1}$.", ["4"]],
      ["Where is the café?", ["5"]],
    ]),
  );
}

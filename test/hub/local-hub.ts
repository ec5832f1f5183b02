import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { answerUpload } from "./uploads.ts";

/** A server that answers about models as huggingface.co does, from memory. */
export interface LocalHub extends AsyncDisposable {
  readonly url: string;
  /** Every request: method, path, and range if there was one. */
  readonly asked: string[];
  /** By `org/name`. */
  readonly models: Map<string, LocalModel>;
  /** What goes wrong, and how often. */
  readonly faults: {
    /** The connection breaks half-way through a file. */
    cuts: number;
    /** A byte of a file is wrong. */
    damages: number;
    /** The listing says a byte more than the file has. */
    wrongSize: boolean;
    /** Requests are answered with 503. */
    busy: number;
  };
}

export interface LocalModel {
  /** The files at the root of the repository. */
  readonly files: Map<string, Buffer>;
  readonly commit: string;
  /** Names of the commit besides itself. */
  readonly revisions: readonly string[];
  /** Who may read it; everybody if undefined. */
  readonly token?: string;
}

/** The files of a folder, and more of them or without some. */
export async function modelOf(
  folder: string,
  {
    more = {},
    without = [],
    ...rest
  }: { more?: Record<string, string | Buffer>; without?: string[]; token?: string } = {},
): Promise<LocalModel> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(folder)) {
    if (!without.includes(name)) files.set(name, await readFile(join(folder, name)));
  }
  for (const [name, content] of Object.entries(more)) files.set(name, Buffer.from(content));
  const commit = createHash("sha1")
    .update([...files.keys()].join())
    .digest("hex");
  return { files, commit, revisions: ["main", "v1"], ...rest };
}

export async function startHub(models: Record<string, LocalModel>): Promise<LocalHub> {
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const hub: LocalHub = {
    url: typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "",
    asked: [],
    models: new Map(Object.entries(models)),
    faults: { cuts: 0, damages: 0, wrongSize: false, busy: 0 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hub;
}

function answer(hub: LocalHub, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent((request.url ?? "").replace(/\?.*$/, ""));
  const range = request.headers.range;
  hub.asked.push(`${request.method} ${path}${range === undefined ? "" : ` ${range}`}`);
  if (hub.faults.busy > 0) {
    hub.faults.busy--;
    response.writeHead(503).end("busy");
    return;
  }
  if (request.method === "POST" || request.method === "PUT") {
    void answerUpload(hub, path, request, response);
    return;
  }
  const [, repo = "", kind = "", revision = "", file = ""] =
    /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+(?:\/pr\/\d+)?)\/?(.*)$/.exec(path) ?? [];
  const model = hub.models.get(repo);
  const allowed = model?.token === undefined || request.headers.authorization === `Bearer ${model.token}`;
  if (model === undefined || !allowed) {
    // The hub does not tell strangers whether there is such a repository.
    fail(
      response,
      request.headers.authorization === undefined ? 401 : 404,
      "RepoNotFound",
      "Invalid username or password.",
    );
    return;
  }
  if (revision !== "HEAD" && revision !== model.commit && !model.revisions.includes(revision)) {
    fail(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    return;
  }
  if (kind === "revision") {
    json(response, { _id: "1", id: repo, sha: model.commit, lastModified: "2026-01-01T00:00:00Z" });
  } else if (kind === "tree") {
    json(response, [
      { type: "directory", path: "original", oid: "0".repeat(40), size: 0 },
      ...Array.from(model.files, ([name, bytes]) => listing(hub, name, bytes)),
    ]);
  } else {
    serve(hub, model.files.get(file), request, response);
  }
}

function listing(hub: LocalHub, path: string, bytes: Buffer): object {
  const size = bytes.length + (hub.faults.wrongSize && path.endsWith(".safetensors") ? 1 : 0);
  const oid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  if (!/\.(safetensors|bin|gguf)$/.test(path)) return { type: "file", path, size, oid };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { type: "file", path, size, oid: "1".repeat(40), lfs: { oid: sha256, size, pointerSize: 130 } };
}

function serve(hub: LocalHub, bytes: Buffer | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (bytes === undefined) {
    fail(response, 404, "EntryNotFound", "Entry not found");
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(Number(to ?? bytes.length - 1), bytes.length - 1);
  let body = bytes.subarray(start, end + 1);
  response.setHeader("ETag", '"0"');
  response.setHeader("content-length", body.length);
  response.writeHead(from === undefined ? 200 : 206, { "content-range": `bytes ${start}-${end}/${bytes.length}` });
  // The question for the size is one byte; faults are for the content.
  const isContent = body.length > 1;
  if (isContent && hub.faults.damages > 0) {
    hub.faults.damages--;
    body = Buffer.from(body);
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  }
  if (isContent && hub.faults.cuts > 0) {
    hub.faults.cuts--;
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  } else {
    response.end(body);
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, code: string, error: string): void {
  response
    .writeHead(status, { "X-Error-Code": code, "content-type": "application/json" })
    .end(JSON.stringify({ error }));
}

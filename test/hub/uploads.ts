import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { LocalHub } from "./local-hub.ts";

/** Large files that were sent, by their digest: they stay when an upload is cut. */
const sent = new WeakMap<LocalHub, Map<string, Buffer>>();

interface CommitLine {
  readonly key: string;
  readonly value: { readonly path: string; readonly content?: string; readonly oid?: string };
}

/** Answers what makes a repository and uploads files into it, as huggingface.co does. Writing needs the token `hf_writer`. */
export async function answerUpload(
  hub: LocalHub,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const objects = sent.get(hub) ?? new Map<string, Buffer>();
  sent.set(hub, objects);
  const reply = (value: unknown, status = 200): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const [, oid] = /^\/upload\/([0-9a-f]{64})$/.exec(path) ?? [];
  if (oid !== undefined) {
    if (hub.faults.cuts > 0) {
      hub.faults.cuts--;
      response.destroy();
      return;
    }
    objects.set(createHash("sha256").update(body).digest("hex"), body);
    reply({});
    return;
  }
  if (request.headers.authorization !== "Bearer hf_writer") {
    reply({ error: "Invalid username or password." }, 401);
    return;
  }
  if (path === "/api/repos/create") {
    const { organization, name, visibility } = JSON.parse(body.toString());
    const repo = `${organization}/${name}`;
    if (hub.models.has(repo)) {
      reply({ error: "You already created this model repo" }, 409);
      return;
    }
    hub.asked.push(`created ${repo} ${visibility}`);
    hub.models.set(repo, { files: new Map(), commit: "0".repeat(40), revisions: ["main"] });
    reply({ url: `${hub.url}/${repo}`, id: repo });
    return;
  }
  if (path.endsWith("/preupload/main")) {
    const { files }: { files: { path: string }[] } = JSON.parse(body.toString());
    reply({ files: files.map((file) => ({ path: file.path, uploadMode: modeOf(file.path) })) });
    return;
  }
  if (path.endsWith("/objects/batch")) {
    const asked: { objects: { oid: string; size: number }[] } = JSON.parse(body.toString());
    reply({
      transfer: "basic",
      objects: asked.objects.map((object) =>
        objects.has(object.oid)
          ? object
          : { ...object, actions: { upload: { href: `${hub.url}/upload/${object.oid}`, header: {} } } },
      ),
    });
    return;
  }
  const [, repo = ""] = /^\/api\/models\/([^/]+\/[^/]+)\/commit\/main$/.exec(path) ?? [];
  const model = hub.models.get(repo);
  const lines: CommitLine[] = body
    .toString()
    .split("\n")
    .map((line): CommitLine => JSON.parse(line));
  for (const { key, value } of lines) {
    if (key === "file") model?.files.set(value.path, Buffer.from(value.content ?? "", "base64"));
    if (key === "lfsFile") model?.files.set(value.path, objects.get(value.oid ?? "") ?? Buffer.alloc(0));
  }
  reply({ commitOid: "c".repeat(40), commitUrl: `${hub.url}/${repo}/commit/c`, hookOutput: "" });
}

function modeOf(name: string): string {
  return /\.(safetensors|gguf|png)$/.test(name) ? "lfs" : "regular";
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

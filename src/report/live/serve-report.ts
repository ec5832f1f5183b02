import { lstat, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { systemCodeOf, WorkError } from "../../base/errors.ts";
import { pageProgram } from "../page/bundle-page.ts";
import { pageHtml } from "../page/html.ts";
import type { LiveNews } from "../page/page-data.ts";
import type { LivePage } from "./live-page.ts";

/** What is served: the files of a report's folder, or the page of a run that goes on. */
export type Served = { readonly folder: string } | { readonly live: LivePage };

export interface ReportServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".pdf": "application/pdf",
};

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

/**
 * Serves a report on 127.0.0.1, to be read only. What other pages in the same browser could ask for by a name of their own that
 * leads here (DNS rebinding) is refused by its Host header.
 *
 * @param port 0 takes a free one
 * @throws WorkError if the port is taken, or may not be
 */
export async function serveReport(served: Served, port: number): Promise<ReportServer> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answer(served, request, response, streams).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 500, error instanceof Error ? error.message : "failed");
      else response.destroy();
    });
  });
  await listen(server, port);
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  const unlisten =
    "live" in served
      ? served.live.listen((news) => {
          for (const stream of streams) stream.write(eventOf(news));
        })
      : () => {};
  return {
    url: `http://127.0.0.1:${actual}/`,
    close: async () => {
      unlisten();
      for (const stream of streams) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenError(error, port));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

function listenError(cause: Error, port: number): Error {
  const code = systemCodeOf(cause);
  if (code === "EADDRINUSE") {
    return new WorkError(`Expected port ${port} to be free, found it taken`, {
      hint: "Give another with --port, or none.",
      cause,
    });
  }
  if (code === "EACCES") {
    return new WorkError(`Expected to be allowed to serve on port ${port}, found that the system refuses it`, {
      hint: "Give one above 1023 with --port, or none.",
      cause,
    });
  }
  return cause;
}

/** Whether a Host header names this machine. Browsers leave out the port that HTTP has by itself. */
export function namesThis(host: string | undefined, port: number | undefined): boolean {
  return ["127.0.0.1", "localhost"].some((name) => host === `${name}:${port}` || (port === 80 && host === name));
}

async function answer(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
  streams: Set<ServerResponse>,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return refuse(response, 405, "This server is for reading: GET and HEAD.");
  }
  if (!namesThis(request.headers.host, request.socket.localPort)) {
    return refuse(response, 403, "Expected the Host header to name this machine.");
  }
  const path = pathOf(request.url ?? "/");
  if (path === undefined) return refuse(response, 400, "Expected a path.");
  const name = path === "/" ? "index.html" : path.slice(1);
  const bare = request.method === "HEAD";
  if ("folder" in served) return sendFile(response, served.folder, name, bare);
  if (name === "events") return follow(served.live, response, streams, bare);
  if (name === "page.json") return send(response, ".json", JSON.stringify(await served.live.data()), bare);
  if (name !== "index.html") return refuse(response, 404, "There is no such file.");
  send(response, ".html", pageHtml(await served.live.data(), await pageProgram()), bare);
}

/** The path of a request, decoded; undefined for one that is none. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "");
  } catch {
    return undefined;
  }
}

/** Files that lie in the folder itself: no folders above or below, nothing hidden, no links. */
async function sendFile(response: ServerResponse, folder: string, name: string, bare: boolean): Promise<void> {
  const type = TYPES[extname(name)];
  const path = join(folder, name);
  const plain = /^[\w-][\w.-]*$/.test(name) && type !== undefined;
  if (
    !plain ||
    !(await lstat(path).then(
      (found) => found.isFile(),
      () => false,
    ))
  ) {
    return refuse(response, 404, "There is no such file.");
  }
  send(response, extname(name), await readFile(path), bare);
}

/** Server-sent events: what was said last, then whatever comes. */
function follow(live: LivePage, response: ServerResponse, streams: Set<ServerResponse>, bare: boolean): void {
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
  if (bare) {
    response.end();
    return;
  }
  response.write("retry: 1000\n\n");
  if (live.news !== undefined) response.write(eventOf(live.news));
  streams.add(response);
  response.on("close", () => streams.delete(response));
}

function eventOf(news: LiveNews): string {
  return `data: ${JSON.stringify(news)}\n\n`;
}

function send(response: ServerResponse, ending: string, content: string | Uint8Array, bare: boolean): void {
  const bytes = Buffer.from(content);
  response.writeHead(200, { ...HEADERS, "content-type": TYPES[ending], "content-length": bytes.length });
  response.end(bare ? undefined : bytes);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...HEADERS, "content-type": "text/plain; charset=utf-8" });
  response.end(`${reason}\n`);
}
